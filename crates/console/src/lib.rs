//! The console: pages, read views and the API.
