//! A real browser: Chromium driven by playwright-core in a Node process.
//!
//! Which Chromium: `CHROME_BIN`, else an installed one on PATH, else the npm package `@sparticuz/chromium`, which brings
//! its own libraries (`x86_64` Linux only). Never with that package's own arguments: they switch web security off.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::tool::{self, ToolError, io};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../browser/package.json")),
    ("package-lock.json", include_str!("../browser/package-lock.json")),
    ("runner.mjs", include_str!("../browser/runner.mjs")),
];
const INSTALLED: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FONTS: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="relative">cache</cachedir>
</fontconfig>
"#;
const ANSWER_SECONDS: u64 = 90;

/// A running browser. It ends with this value, and also when the test process is killed.
#[derive(Debug)]
pub struct Browser {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    version: String,
    _process: Child,
    _temporary: TempDir,
}

impl Browser {
    /// Starts one, installing what is missing.
    ///
    /// # Errors
    /// No node or npm, no browser for this machine, or it does not start.
    pub async fn start() -> Result<Self, ToolError> {
        let chrome = std::env::var_os("CHROME_BIN").map(PathBuf::from).or_else(|| tool::on_path(&INSTALLED));
        if chrome.is_none() && !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(ToolError::Missing { tool: "a browser", cure: "install Chromium or set CHROME_BIN" });
        }
        let joined = tokio::task::spawn_blocking(|| installed(chrome)).await;
        let (dir, variables) = joined.map_err(|e| answer(e.to_string()))??;
        let temporary = tempfile::tempdir().map_err(io("make a folder for the browser"))?;
        let mut command = Command::new("node");
        command.arg(dir.join("runner.mjs")).current_dir(&dir).envs(variables).env("TMPDIR", temporary.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut process = command.spawn().map_err(io("start node"))?;
        let input = process.stdin.take().ok_or_else(|| answer("no input".into()))?;
        let output = process.stdout.take().ok_or_else(|| answer("no output".into()))?;
        let output = BufReader::new(output).lines();
        let mut browser = Self { input, output, version: String::new(), _process: process, _temporary: temporary };
        let version = browser.answer().await?;
        version.as_str().unwrap_or_default().clone_into(&mut browser.version);
        Ok(browser)
    }

    /// The browser's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs the body of an async function of `page`, `args`, `expect` and `context` in the first tab, and returns its
    /// result. The tab stays open between calls.
    ///
    /// `expect` has `visible(selector)`, `gone(selector)`, `text(selector, part)` (each waits up to 15 s) and
    /// `equal(found, wanted)`.
    ///
    /// # Errors
    /// The script threw, or took longer than 90 s.
    pub async fn run(&mut self, script: &str, args: Value) -> Result<Value, ToolError> {
        self.run_in("main", script, args).await
    }

    /// Runs a script in a named tab, opened at its first use. Tabs share cookies, except `a/x` and `b/y`: what stands
    /// before the slash names a context (another person) of its own.
    ///
    /// # Errors
    /// The script threw, or took longer than 90 s.
    pub async fn run_in(&mut self, tab: &str, script: &str, args: Value) -> Result<Value, ToolError> {
        self.command(json!({ "op": "run", "tab": tab, "script": script, "args": args })).await
    }

    /// Opens a context with options of playwright, `{"javaScriptEnabled": false}`, before its first tab.
    ///
    /// # Errors
    /// The browser refuses it.
    pub async fn context(&mut self, name: &str, options: Value) -> Result<(), ToolError> {
        self.command(json!({ "op": "context", "name": name, "options": options })).await.map(drop)
    }

    /// Writes a picture of the whole page of a tab.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn screenshot(&mut self, tab: &str, path: &Path) -> Result<(), ToolError> {
        self.command(json!({ "op": "screenshot", "tab": tab, "path": path })).await.map(drop)
    }

    /// Script errors and console errors of all tabs since the last call.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn problems(&mut self) -> Result<Vec<String>, ToolError> {
        let value = self.command(json!({ "op": "problems" })).await?;
        serde_json::from_value(value).map_err(|e| answer(e.to_string()))
    }

    async fn command(&mut self, command: Value) -> Result<Value, ToolError> {
        let line = format!("{command}\n");
        self.input.write_all(line.as_bytes()).await.map_err(io("talk to the browser"))?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Value, ToolError> {
        let line = timeout(Duration::from_secs(ANSWER_SECONDS), self.output.next_line()).await;
        let line = line.map_err(|_| ToolError::Silent { tool: "the browser", seconds: ANSWER_SECONDS })?;
        let line = line.map_err(io("listen to the browser"))?;
        let line = line.ok_or_else(|| answer("nothing: it ended (its words stand above)".into()))?;
        let mut said: Value = serde_json::from_str(&line).map_err(|e| answer(format!("{line} ({e})")))?;
        match said.get("error").and_then(Value::as_str) {
            Some(error) => Err(answer(error.to_owned())),
            None => Ok(said.get_mut("value").map(Value::take).unwrap_or_default()),
        }
    }
}

type Variables = Vec<(&'static str, PathBuf)>;

/// The folder of the runner and the variables it needs.
fn installed(chrome: Option<PathBuf>) -> Result<(PathBuf, Variables), ToolError> {
    let dir = tool::npm("browser", &FILES)?;
    if let Some(chrome) = chrome {
        return Ok((dir, vec![("TESTKIT_CHROME", chrome)]));
    }
    let unpacked = tool::once("chromium", FILES[1].1, |unpacked| {
        let mut command = std::process::Command::new("node");
        command.arg(dir.join("runner.mjs")).arg("--unpack").current_dir(&dir);
        // The first makes the package unpack its shared libraries; it looks before any script of ours runs.
        command.env("AWS_LAMBDA_JS_RUNTIME", "nodejs20.x").env("TMPDIR", unpacked);
        tool::run(&mut command, || ToolError::Missing { tool: "node", cure: "install Node.js 20 or later" })?;
        // Its own file looks for the fonts in a fixed folder.
        fs::write(unpacked.join("fonts/fonts.conf"), FONTS).map_err(io("write fonts.conf"))
    })?;
    let variables = vec![
        ("TESTKIT_CHROME", unpacked.join("chromium")),
        ("LD_LIBRARY_PATH", unpacked.join("al2023/lib")),
        ("FONTCONFIG_FILE", unpacked.join("fonts/fonts.conf")),
    ];
    Ok((dir, variables))
}

fn answer(said: String) -> ToolError {
    ToolError::Answer { tool: "the browser", said }
}
