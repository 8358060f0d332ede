//! Playing scenarios one after another.

use std::{path::PathBuf, sync::Arc, time::Instant};

use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;

use crate::{Binaries, Broken, Context, Scenario, report::Played, world::Template};

/// What a run plays in: the programs, the world they begin in, and a folder for each scenario.
#[derive(Debug)]
pub struct Stage {
    binaries: Arc<Binaries>,
    template: Arc<Template>,
    folder: TempDir,
}

impl Stage {
    /// Lives through the world's history once.
    ///
    /// # Errors
    /// A program fails.
    pub fn set(binaries: Binaries) -> Result<Self, Broken> {
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir().map_err(Broken::io("make a folder"))?;
        let template = Template::live(&binaries, folder.path().join("template"))?;
        Ok(Self { binaries: Arc::new(binaries), template: Arc::new(template), folder })
    }

    /// Plays scenarios, some of them at once: most of their time they wait. `said` hears of each when it is over.
    pub async fn play_all(
        &self,
        scenarios: &[(Scenario, u64)],
        at_once: usize,
        mut said: impl FnMut(&Played),
    ) -> Vec<Played> {
        let playing = stream::iter(scenarios).map(|(scenario, seed)| self.play(scenario, *seed));
        let mut playing = std::pin::pin!(playing.buffered(at_once.max(1)));
        let mut all = Vec::new();
        while let Some(played) = playing.next().await {
            said(&played);
            all.push(played);
        }
        all
    }

    /// Plays one scenario.
    pub async fn play(&self, scenario: &Scenario, seed: u64) -> Played {
        let began = Instant::now();
        let folder = self.folder.path().join(scenario.name);
        let result = if scenario.needs_root && !is_root() {
            Err(Broken::Missing { what: "root".into(), cure: "run it as root, for its mounts and limits".into() })
        } else {
            self.run(scenario, folder, seed).await
        };
        let (invariants, broken) = match result {
            Ok(verdicts) => (verdicts, None),
            Err(error) => (Vec::new(), Some(error.chain())),
        };
        let green = broken.is_none() && !invariants.is_empty() && invariants.iter().all(|verdict| verdict.holds);
        let seconds = began.elapsed().as_secs_f64();
        Played { scenario: scenario.name, faults: scenario.faults, seed, green, invariants, broken, seconds }
    }

    async fn run(&self, scenario: &Scenario, folder: PathBuf, seed: u64) -> Result<Vec<crate::Verdict>, Broken> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Broken::path("empty", &folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(Broken::path("create", &folder))?;
        let context = Context {
            binaries: Arc::clone(&self.binaries),
            template: Arc::clone(&self.template),
            folder: folder.clone(),
            seed,
        };
        (scenario.run)(context).await
    }

    /// Keeps the folder with every log, to be looked at.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

/// Whether this process may mount.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}
