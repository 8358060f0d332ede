//! The official Segment SDKs for Node and Python, installed from their registries and run unchanged but for the host.

use std::{fs, process::Command};

use crate::tool::{self, ToolError, io};

const NODE_FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../segment/package.json")),
    ("package-lock.json", include_str!("../segment/package-lock.json")),
    ("send.mjs", include_str!("../segment/send.mjs")),
];

/// Runs JavaScript that calls `analytics`, flushes and waits for the end.
///
/// # Errors
/// No node or npm, or the SDK reported an error.
pub fn node(host: &str, write_key: &str, calls: &str) -> Result<(), ToolError> {
    let dir = tool::npm("segment-node", &NODE_FILES)?;
    let mut command = Command::new("node");
    command.current_dir(&dir).arg("send.mjs").args([host, write_key, calls]);
    tool::run(&mut command, || ToolError::Missing { tool: "node", cure: "install Node.js 20 or later" }).map(drop)
}

/// Runs Python that calls `analytics`, with gzip on, flushes and waits for the end.
///
/// # Errors
/// No python or pip, or the SDK reported an error.
pub fn python(host: &str, write_key: &str, calls: &str) -> Result<(), ToolError> {
    let packages = tool::pip("segment-python", include_str!("../segment/requirements.txt"))?;
    let folder = tempfile::tempdir().map_err(io("make a folder for a script"))?;
    let script = folder.path().join("send.py");
    fs::write(&script, include_str!("../segment/send.py")).map_err(io("write send.py"))?;
    let mut command = Command::new(tool::python()?);
    command.arg(&script).args([host, write_key, calls]);
    command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    tool::run(&mut command, || ToolError::Missing { tool: "python3", cure: "install Python 3.10 or later" }).map(drop)
}
