"""README.md and the pages of docs/ say what is there: paths, flags, links, decisions."""

import re

from .tree import rule

README = "README.md"
API = "docs/api.md"
OPERATING = "docs/operating.md"
ROUTES = "src/front/routes.c"
OPTIONS = "src/main/options.c"
ROUTE = re.compile(r'^\t\{ "(/[^"]*)", "([A-Z]+)", "[^"]*", (RIGHT_\w+), [^\n]*', re.MULTILINE)
ARG_LIST = re.compile(r"arg_rule (\w+)\[\] = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
ARG = re.compile(r'^\t\{ "(\w+)",', re.MULTILINE)
# `GET /a/b` or, behind another one of its row, `/c`; a star behind it: with the operator's token.
SPAN = re.compile(r"`(?:([A-Z]+) )?(/[^`]*)`( \*)?")
QUERY = re.compile(r"`(\w+)=[^`]*`")
OPTION = re.compile(r'^\t\{ "([a-z.-]+)", (NULL|"[A-Z]+"), (?:NULL|"[^"]*"|\w+),\s+(NULL)?', re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def section(text, title):
    """What stands below a heading of the second order."""
    return text.partition(f"\n## {title}\n")[2].split("\n## ")[0]


def known_routes(root):
    """(method, path) → (is the operator's token needed, names of its query parameters)."""
    text = (root / ROUTES).read_text()
    lists = {name: set(ARG.findall(rows)) for name, rows in ARG_LIST.findall(text)}
    known = {}
    for row in ROUTE.finditer(text):
        used = re.search(r"\bARGS\((\w+)\)", row[0])
        known[row[2], row[1]] = row[3] == "RIGHT_OPERATE", lists[used[1]] if used else set()
    return known


def routes_of_row(row, known):
    """(as it is written, the route or None, has it a star) for each path in a row of the table."""
    method, base = "", ""
    for verb, path, star in SPAN.findall(row):
        method = verb or method
        base = path if verb else base
        meant = [path, base + path, base.rpartition("/")[0] + path]
        found = [(method, full) for full in meant if (method, full) in known]
        yield f"{method} {path}", found[0] if found else None, bool(star)


@rule(
    bad_tree={
        ROUTES: 'static const struct arg_rule a_args[] = {\n\t{ "status", ARG_WORD },\n};\n'
                '\t{ "/a", "GET", "all", RIGHT_READ, DEED, ROUTE_A, ARGS(a_args) },\n'
                '\t{ "/a/{id}", "GET", "one", RIGHT_READ, DEED, ROUTE_B, NO_ARGS },\n'
                '\t{ "/a/{id}/end", "POST", "end", RIGHT_OPERATE, DEED, ROUTE_C, NO_ARGS },\n'
                '\t{ "/b", "GET", "other", RIGHT_READ, DEED, ROUTE_D, NO_ARGS },\n',
        API: "# x\n\n| `GET /a` · `/{id}` · `/gone` | `status=`, `when=` |\n| `POST /a/{id}/end` | |\n",
    },
    bad_finds=[
        "^docs/api.md: 'GET /b' is missing",
        "^docs/api.md: 'POST /a/{id}/end': the star",
        "^docs/api.md: there is no 'GET /gone'",
        "^docs/api.md: there is no 'when='",
    ],
)
def every_path_is_in_the_list_of_the_api(root):
    known = known_routes(root)
    problems, there = [], set()
    for row in re.findall(r"^\| `.*", (root / API).read_text(), re.MULTILINE):
        args = set()
        for written, route, star in routes_of_row(row.split(" | ")[0], known):
            if not route:
                problems.append(f"{API}: there is no '{written}' in {ROUTES}")
                continue
            there.add(route)
            args |= known[route][1]
            if star != known[route][0]:
                problems.append(f"{API}: '{written}': the star is for the operator's token")
        problems += [f"{API}: there is no '{name}=' in {ROUTES}" for name in QUERY.findall(row)
                     if name not in args]
    problems += [f"{API}: '{' '.join(route)}' is missing" for route in known.keys() - there]
    return sorted(problems)


@rule(
    bad_tree={
        OPTIONS: '\t{ "file", "FILE", NULL,\n\t\t\t"which", AT(file) },\n\t{ "help", NULL, NULL, "this" },\n'
                 '\t{ "role", "ROLE", NULL, NULL, AT(role) },\n',
        OPERATING: "# x\n\n## Flags\n\n  --file=FILE   which\n  --gone   x\n",
    },
    bad_finds=["^docs/operating.md: '--gone' is no flag", "^docs/operating.md: '--help' is missing"],
)
def every_flag_is_in_the_page_of_operating(root):
    text = section((root / OPERATING).read_text(), "Flags")
    there = set(re.findall(r"^  (--[a-z.-]+(?:=[A-Z]+)?)", text, re.MULTILINE))
    known = {f"--{name}" + ("" if value == "NULL" else "=" + value.strip('"'))
             for name, value, hidden in OPTION.findall((root / OPTIONS).read_text()) if not hidden}
    problems = [f"{OPERATING}: '{flag}' is missing" for flag in known - there]
    return sorted(problems + [f"{OPERATING}: '{flag}' is no flag" for flag in there - known])


def anchors(text):
    """What a heading is called in a link, as GitHub and its like make it."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@rule(
    bad_tree={
        README: "# Top of all\n[a](docs/a.md#a-b-c) [b](docs/gone.md) [c](#top-of-all) [d](#no)\n",
        "docs/a.md": "# A: b, `c`\n```\n# not this\n```\n[x](../README.md#bottom) [y](https://example.org/)\n",
    },
    bad_finds=["^README.md: .*#no$", "^README.md: .*docs/gone.md$", "^docs/a.md: .*README.md#bottom$"],
)
def every_link_leads_somewhere(root):
    problems = []
    for page in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
        for link in LINK.findall(FENCED.sub("", page.read_text())):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if re.match(r"[a-z]+:", link):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                problems.append(f"{page.relative_to(root)}: leads nowhere: {link}")
    return problems


@rule(
    bad_tree={
        "docs/decisions/0001-first.md": "# 1. First\n",
        "docs/decisions/0003-third.md": "# 2. Third\n",
    },
    bad_finds=["^docs/decisions/0003-third.md: .*'# 3. '", "^docs/decisions/0003-third.md: .*0002"],
)
def decisions_are_numbered_without_gaps(root):
    problems = []
    for number, file in enumerate(sorted((root / "docs/decisions").iterdir()), 1):
        path = f"docs/decisions/{file.name}"
        if not re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", file.name):
            problems.append(f"{path}: expected number {number:04}")
        if not file.read_text().startswith(f"# {int(file.name[:4])}. "):
            problems.append(f"{path}: does not begin with '# {int(file.name[:4])}. '")
    return problems
