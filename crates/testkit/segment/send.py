"""Runs calls of the official SDK, unchanged but for the host. Usage: send.py HOST WRITE_KEY CALLS"""

import sys

import segment.analytics as analytics

failures = []
analytics.host, analytics.write_key, calls = sys.argv[1:4]
analytics.gzip = True
analytics.on_error = lambda error, items: failures.append(error)
exec(calls, {"analytics": analytics})
analytics.flush()
analytics.shutdown()
sys.exit("\n".join(map(str, failures)) or 0)
