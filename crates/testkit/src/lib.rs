//! What tests need: a real nats-server, an SMTP server, a browser.
