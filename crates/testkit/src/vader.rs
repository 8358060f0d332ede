//! The reference implementation of the VADER lexicon method, in Python.

use std::{fs, process::Command};

use serde::de::DeserializeOwned;

use crate::tool::{self, ToolError, io};

/// The words of its lexicon, in order.
///
/// # Errors
/// No python or pip.
pub fn lexicon() -> Result<Vec<String>, ToolError> {
    run(None)
}

/// How each text sounds, in ten-thousandths.
///
/// # Errors
/// No python or pip.
pub fn compound_bp(texts: &[String]) -> Result<Vec<i32>, ToolError> {
    run(Some(texts))
}

fn run<T: DeserializeOwned>(texts: Option<&[String]>) -> Result<T, ToolError> {
    let packages = tool::pip("vader", include_str!("../vader/requirements.txt"))?;
    let folder = tempfile::tempdir().map_err(io("make a folder for a script"))?;
    let (script, list) = (folder.path().join("score.py"), folder.path().join("texts.json"));
    fs::write(&script, include_str!("../vader/score.py")).map_err(io("write score.py"))?;
    let mut command = Command::new(tool::python()?);
    command.arg(&script).env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(texts) = texts {
        fs::write(&list, serde_json::json!(texts).to_string()).map_err(io("write texts.json"))?;
        command.arg(&list);
    }
    let missing = || ToolError::Missing { tool: "python3", cure: "install Python 3.10 or later" };
    let said = tool::run(&mut command, missing)?;
    serde_json::from_str(&said).map_err(|error| ToolError::Answer { tool: "vader", said: error.to_string() })
}
