# SPDX-License-Identifier: Apache-2.0
"""Each outside library is behind one wrapper, so that one file knows its ways."""

from .tree import c_files, includes, rule

# How the library's headers begin → the only file that may include them; what is too long for one
# file is in others beside it.
WRAPPERS = {
    "curl/": ("src/sys/httpc.c", "src/sys/httpc_send.c", "src/sys/httpc_target.c"),
    "crypt.h": "src/sys/password.c",
    "gnutls/": "src/sys/digest.c",
    "jansson.h": "src/sys/json.c",
    "libfyaml": "src/sys/yaml.c",
    "linux/landlock.h": "src/sys/confine.c",
    "linux/seccomp.h": "src/sys/confine.c",
    "microhttpd": "src/sys/httpd.c",
    "pcre2": "src/sys/regex.c",
    "seccomp.h": "src/sys/confine.c",
    "sqlite3": "src/sys/db.c",
    "zlib.h": "src/sys/gunzip.c",
}
# Other headers with < > come from the C library and the kernel. These begin like that:
SYSTEM = ("arpa/", "asm/", "linux/", "net/", "netinet/", "sys/")


@rule(
    bad_tree={
        "include/sys/json.h": "#include <jansson.h>\n",
        "src/sys/json.c": "#include <jansson.h>\n#include <sys/stat.h>\n#include <stdio.h>\n",
        "src/store/runs.c": "#include <sqlite3.h>\n",
        "src/sys/httpc.c": "#include <openssl/ssl.h>\n",
        "tests/fuzz/fuzz_http.c": "#include <microhttpd.h>\n",
    },
    bad_finds=[
        "^include/sys/json.h:1: <jansson.h> .* src/sys/json.c",
        "^src/store/runs.c:1: <sqlite3.h> .* src/sys/db.c",
        "^src/sys/httpc.c:1: <openssl/ssl.h> .* no wrapper",
    ],
)
def each_library_has_one_wrapper(root):
    problems = []
    for path in c_files(root, "include", "src"):
        for number, is_outside, name in includes(root, path):
            if is_outside:
                problems += header_problems(path, number, name)
    return problems


def header_problems(path, number, name):
    for start, wrapper in WRAPPERS.items():
        if name.startswith(start):
            files = (wrapper,) if isinstance(wrapper, str) else wrapper
            only = f"{path}:{number}: <{name}> is only for {' and '.join(files)}"
            return [] if path in files else [only]
    if "/" in name and not name.startswith(SYSTEM):
        return [f"{path}:{number}: <{name}> is of a library that has no wrapper here"]
    return []
