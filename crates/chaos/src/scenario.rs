//! What a scenario is, and what it finds.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::LocalBoxFuture;
use rand::{SeedableRng as _, rngs::StdRng};
use serde::Serialize;

use crate::{Binaries, Broken, world::Template};

/// One way to break the system.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name: letters, digits and dashes.
    pub name: &'static str,
    /// The faults of the matrix it plays, `F1` to `F28`.
    pub faults: &'static [&'static str],
    /// What is done and what must hold, in a sentence.
    pub about: &'static str,
    /// Whether it mounts something or sets limits that only root may set.
    pub needs_root: bool,
    /// Whether it is part of the smoke suite, which needs no root and little time.
    pub smoke: bool,
    /// Plays it.
    pub run: Play,
}

/// How a scenario is played: it breaks off, or says of each invariant whether it held.
pub type Play = fn(Context) -> LocalBoxFuture<'static, Result<Vec<Verdict>, Broken>>;

/// What a scenario is given.
#[derive(Clone, Debug)]
pub struct Context {
    /// The programs under test.
    pub binaries: Arc<Binaries>,
    /// A world that was lived through, to begin from.
    pub template: Arc<Template>,
    /// Its own folder. It is kept where the scenario is red.
    pub folder: PathBuf,
    /// What its random choices are drawn from.
    pub seed: u64,
}

impl Context {
    /// A generator that makes the same choices for the same seed.
    pub fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }
}

/// Whether an invariant held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verdict {
    /// Which.
    pub invariant: &'static str,
    /// Whether it held.
    pub holds: bool,
    /// What was looked at, or what was wrong.
    pub detail: String,
}

impl Verdict {
    /// A verdict on what was looked at.
    pub fn of(invariant: &'static str, holds: bool, detail: impl Into<String>) -> Self {
        Self { invariant, holds, detail: detail.into() }
    }
}
