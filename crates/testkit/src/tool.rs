//! Tools from package registries: installed once per content of their lock file, into the cargo target folder.
//!
//! Two test processes that need the same tool wait for each other on a file lock; a half-done installation is never
//! used, because it happens beside its final place and is renamed. A missing node, npm, python or pip is an error with
//! its cure, never a skipped test.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// A tool that cannot be installed, started or talked to.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Nothing on this machine provides it.
    #[error("{tool} is needed by this test and was not found: {cure}")]
    Missing {
        /// What is missing.
        tool: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// A command ended with an error.
    #[error("{command} failed ({status}):\n{output}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A file or pipe could not be used.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The tool answered with something else than expected.
    #[error("{tool} said: {said}")]
    Answer {
        /// Which tool.
        tool: &'static str,
        /// Its words.
        said: String,
    },
    /// It did not answer in time.
    #[error("{tool} gave no answer within {seconds} s")]
    Silent {
        /// Which tool.
        tool: &'static str,
        /// How long it had.
        seconds: u64,
    },
}

pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> ToolError {
    let doing = doing.into();
    move |source| ToolError::Io { doing, source }
}

/// Where tools are kept: `testkit` in the target folder that the running test was built into.
///
/// # Errors
/// The folder cannot be made.
pub fn folder() -> Result<PathBuf, ToolError> {
    let built = std::env::current_exe().ok();
    let tagged = built.iter().flat_map(|exe| exe.ancestors()).find(|dir| dir.join("CACHEDIR.TAG").is_file());
    let target = match (tagged, std::env::var_os("CARGO_TARGET_DIR")) {
        (Some(dir), _) => dir.to_path_buf(),
        (None, Some(dir)) => PathBuf::from(dir),
        (None, None) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    };
    let folder = target.join("testkit");
    fs::create_dir_all(&folder).map_err(io(format!("make the folder {}", folder.display())))?;
    Ok(folder)
}

/// Installs the packages of a `package-lock.json` with npm, without running their scripts, and puts the other files
/// beside them. Returns the folder.
///
/// # Errors
/// No node or npm, no registry, or a package that does not match its checksum.
pub fn npm(name: &str, files: &[(&str, &str)]) -> Result<PathBuf, ToolError> {
    let node = run(Command::new("node").arg("--version"), || ToolError::Missing {
        tool: "node",
        cure: "install Node.js 20 or later",
    })?;
    let content: String = files.iter().flat_map(|(file, text)| [*file, "\n", *text]).collect();
    once(name, &format!("{node}{content}"), |dir| {
        for (file, text) in files {
            fs::write(dir.join(file), text).map_err(io(format!("write {file}")))?;
        }
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(dir);
        run(&mut command, || ToolError::Missing { tool: "npm", cure: "install npm (Debian: apt install npm)" })?;
        Ok(())
    })
}

/// Installs pinned packages with pip into a folder of their own (for `PYTHONPATH`). Returns the folder.
///
/// # Errors
/// No python or pip, no index, or a package that does not match its checksum.
pub fn pip(name: &str, requirements: &str) -> Result<PathBuf, ToolError> {
    let python = python()?;
    let version = run(Command::new(python).arg("--version"), missing_python)?;
    once(name, &format!("{version}{requirements}"), |dir| {
        let list = dir.join("requirements.txt");
        fs::write(&list, requirements).map_err(io("write requirements.txt"))?;
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input"])
            .args(["--disable-pip-version-check", "--quiet"])
            .arg("--target")
            .arg(dir.join("packages"))
            .arg("-r")
            .arg(&list)
            // Either of these in the environment forbids --target.
            .envs([("PIP_USER", "0"), ("PIP_REQUIRE_VIRTUALENV", "0")]);
        match run(&mut command, missing_python) {
            Err(ToolError::Failed { output, .. }) if output.contains("No module named pip") => {
                Err(ToolError::Missing { tool: "pip", cure: "install it (Debian: apt install python3-pip)" })
            }
            other => other.map(drop),
        }
    })
    .map(|dir| dir.join("packages"))
}

/// The name of the python to use: `python3`, else `python`.
///
/// # Errors
/// Neither runs.
pub fn python() -> Result<&'static str, ToolError> {
    ["python3", "python"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success()))
        .ok_or_else(missing_python)
}

fn missing_python() -> ToolError {
    ToolError::Missing { tool: "python3", cure: "install Python 3.10 or later with pip" }
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn run(command: &mut Command, missing: impl FnOnce() -> ToolError) -> Result<String, ToolError> {
    let text = format!("{command:?}");
    match command.output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let from = said.char_indices().rev().nth(4_000).map_or(0, |(at, _)| at);
            let output_end = said.get(from..).unwrap_or_default().to_owned();
            Err(ToolError::Failed { command: text, status: output.status.to_string(), output: output_end })
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(missing()),
        Err(e) => Err(ToolError::Io { doing: format!("run {text}"), source: e }),
    }
}

/// The first of some programs that PATH has.
pub(crate) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = |name: &&str| dirs.iter().map(|dir| dir.join(OsStr::new(name))).find(|file| file.is_file());
    names.iter().find_map(found)
}

/// Fills a folder named after the content once; everybody else waits and finds it done.
pub(crate) fn once(
    name: &str,
    content: &str,
    fill: impl FnOnce(&Path) -> Result<(), ToolError>,
) -> Result<PathBuf, ToolError> {
    let folder = folder()?;
    let done = folder.join(format!("{name}-{:016x}", fnv1a(content.as_bytes())));
    let lock_path = folder.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(io(format!("open {}", lock_path.display())))?;
    lock.lock().map_err(io(format!("lock {}", lock_path.display())))?;
    if !done.is_dir() {
        let half = folder.join(format!("{name}.half"));
        if half.exists() {
            fs::remove_dir_all(&half).map_err(io(format!("remove {}", half.display())))?;
        }
        fs::create_dir_all(&half).map_err(io(format!("make {}", half.display())))?;
        fill(&half)?;
        fs::rename(&half, &done).map_err(io(format!("rename to {}", done.display())))?;
    }
    Ok(done)
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_tool_is_installed_once_and_never_half() {
        let name = format!("self-test-{}", std::process::id());
        let runs = AtomicUsize::new(0);
        let fill = |dir: &Path| {
            runs.fetch_add(1, Ordering::SeqCst);
            fs::write(dir.join("file"), "x").map_err(io("write"))
        };
        let broken = once(&name, "1", |_| Err(missing_python()));
        assert!(broken.unwrap_err().to_string().contains("install Python"));
        let dirs: Vec<PathBuf> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| once(&name, "1", fill).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(dirs.iter().all(|dir| dir.join("file").is_file()));
        let other = once(&name, "2", fill).unwrap();
        assert_ne!(other, dirs[0]);
        for dir in [&dirs[0], &other] {
            fs::remove_dir_all(dir).unwrap();
        }
        fs::remove_file(folder().unwrap().join(format!("{name}.lock"))).unwrap();
    }

    #[test]
    fn a_missing_program_is_named_with_its_cure() {
        let error = run(&mut Command::new("no-such-program-here"), missing_python).unwrap_err();
        assert!(matches!(error, ToolError::Missing { tool: "python3", .. }), "{error}");
        assert_eq!(on_path(&["no-such-program-here"]), None);
    }
}
