//! The programs under test: found beside this one, built where they are wanted with their points of failure.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Broken, Part};

/// Packages with a program, and the feature that puts the points of failure into all of them.
const PACKAGES: [&str; 14] = [
    "bus",
    "onboarding",
    "escalation",
    "health",
    "churn",
    "renewal",
    "expansion",
    "advocacy",
    "engagement",
    "supervision",
    "gateway",
    "courier",
    "mainstay-console",
    "mainstay",
];
const FEATURE: &str = "bus/failpoints";

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The programs beside this one (or, for a test, one folder up), as `cargo test --workspace` leaves them.
    ///
    /// # Errors
    /// One of them is missing.
    pub fn find() -> Result<Self, Broken> {
        let exe = env::current_exe().map_err(Broken::io("find the folder of this program"))?;
        let mut folders = exe.ancestors().skip(1).take(2);
        let whole = |folder: &&Path| Part::ALL.iter().all(|part| folder.join(part.binary()).is_file());
        let found = folders.find(|folder| whole(folder) && folder.join("mainstay").is_file());
        found.map(|folder| Self { folder: folder.to_owned() }).ok_or_else(|| Broken::Missing {
            what: format!("one of the programs {}", Part::ALL.map(Part::binary).join(", ")),
            cure: "run `cargo test --workspace`, which builds them all".into(),
        })
    }

    /// Builds the programs with their points of failure, as this one was built, and finds them.
    ///
    /// # Errors
    /// They cannot be built.
    pub fn build() -> Result<Self, Broken> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["build", "--bins", "--features", FEATURE]);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        for package in PACKAGES {
            command.args(["-p", package]);
        }
        let built = command.stdin(Stdio::null()).status().map_err(Broken::io("run cargo"))?;
        if !built.success() {
            let cure = "mend the build, which has said above what is wrong".into();
            return Err(Broken::Missing { what: "a program under test".into(), cure });
        }
        Self::find()
    }

    /// The program of a part.
    pub fn of(&self, part: Part) -> PathBuf {
        self.folder.join(part.binary())
    }

    /// The `mainstay` command.
    pub fn mainstay(&self) -> PathBuf {
        self.folder.join("mainstay")
    }
}
