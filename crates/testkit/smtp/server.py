"""An SMTP server for tests: what it does with a message depends on the recipient's local part.

Usage: server.py FOLDER OPTIONS_JSON. Prints the port as its first line, stores what it received as raw bytes, and ends
when its standard input closes, so that it never outlives the test that started it.
"""

import asyncio
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

SLOW_SECONDS = 60


def behaviour(address):
    """The part before `+` or `@`: `refuse-550+1@customer.example` refuses."""
    return address.split("@")[0].split("+")[0]


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.put_off = 0
        self.tried = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = behaviour(address)
        if name == "refuse-550":
            return "550 5.1.1 no such mailbox"
        if name == "busy-451":
            return self.busy()
        if name == "busy-once" and address not in self.tried:
            self.tried.add(address)
            return self.busy()
        if name == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def busy(self):
        """Said in a file too, so that a test can wait for it."""
        self.put_off += 1
        with open(os.path.join(self.folder, f"{self.put_off:06}.busy"), "w"):
            pass
        return "451 4.3.0 try again later"

    async def handle_DATA(self, server, session, envelope):
        names = {behaviour(address) for address in envelope.rcpt_tos}
        if "data-554" in names:
            return "554 5.6.0 message refused"
        if "data-452" in names:
            return "452 4.3.1 no room"
        self.store(session, envelope)
        if "reset-after-dot" in names:
            server.transport.abort()
        if "slow-after-dot" in names:
            await asyncio.sleep(SLOW_SECONDS)
        return "250 OK"

    def store(self, session, envelope):
        self.count += 1
        path = os.path.join(self.folder, f"{self.count:06}")
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None,
            "authenticated": bool(session.authenticated),
        }
        with open(path + ".eml", "wb") as file:
            file.write(envelope.original_content)
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            json.dump(about, file)
        os.rename(path + ".tmp", path + ".json")


class Server(SMTP):
    async def smtp_DATA(self, arg):
        if any(behaviour(address) == "reset-at-data" for address in self.envelope.rcpt_tos):
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


def watch_parent():
    sys.stdin.buffer.read()
    os._exit(0)


async def main():
    folder, options = sys.argv[1], json.loads(sys.argv[2])
    handler = Handler(folder)
    arguments = {"hostname": "mail.test.example", "enable_SMTPUTF8": True}
    if options.get("certificate"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
        arguments["tls_context"] = context
    if options.get("user"):
        expected = LoginPassword(options["user"].encode(), options["password"].encode())
        arguments["auth_required"] = True
        arguments["auth_require_tls"] = False
        arguments["authenticator"] = lambda *call: AuthResult(success=call[4] == expected)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(handler, loop=loop, **arguments), "127.0.0.1", 0)
    threading.Thread(target=watch_parent, daemon=True).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
