# SPDX-License-Identifier: Apache-2.0
"""smtp_server - a real SMTP server (aiosmtpd) that says what it was sent, a JSON object a line.

usage: smtp_server.py [--port PORT] [--cert FILE --key FILE] [--auth USER:PASSWORD] [--mode MODE]
  --port         any free one, without it
  --cert, --key  offer STARTTLS, and take no mail without it
  --auth         take no mail without this login
  --mode         taken (default), refuse (550 to every recipient), busy (451 to every mail),
                 hang (never answers the mail itself)

First it prints "listening PORT".
"""

import argparse
import asyncio
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, mode):
        self.mode = mode

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "refuse":
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "busy":
            return "451 4.3.0 later"
        if self.mode == "hang":
            print("hanging", flush=True)
            await asyncio.sleep(3600)
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": session.ssl is not None,
            "user": session.auth_data if isinstance(session.auth_data, str) else None,
            "content": envelope.original_content.decode("latin-1"),
        }), flush=True)
        return "250 2.0.0 taken"


def authenticator(login):
    def check(server, session, envelope, mechanism, data):
        user, _, password = login.partition(":")
        good = data.login.decode() == user and data.password.decode() == password
        return AuthResult(success=good, auth_data=user if good else None)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--auth")
    parser.add_argument("--mode", default="taken")
    options = parser.parse_args()
    more = {}
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        more.update(tls_context=context, require_starttls=True)
    if options.auth:
        more.update(authenticator=authenticator(options.auth), auth_required=True,
                    auth_require_tls=bool(options.cert))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(options.mode), hostname="mail.test", **more), "127.0.0.1", options.port)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
