//! Local state that is deleted, damaged, swapped or out of reach: it is folded again from the log, and nothing is said
//! or sent twice.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::FutureExt as _;
use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::{
    Broken, Context, Part, Rig, Scenario, Setup, Verdict,
    drive::{self, Load, PATIENCE},
    oracle, world,
};

/// Damages of the long scenario.
const OFTEN: usize = 40;
const PAGE: usize = 4096;

/// What happens to a store.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Deleted,
    BitsFlipped,
    PageZeroed,
    Truncated,
    Emptied,
    SwappedWithAnother,
    ForeignFile,
}

const DAMAGES: [Damage; 7] = [
    Damage::Deleted,
    Damage::BitsFlipped,
    Damage::PageZeroed,
    Damage::Truncated,
    Damage::Emptied,
    Damage::SwappedWithAnother,
    Damage::ForeignFile,
];

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "stores-damaged",
        faults: &["F2", "F3", "F4"],
        about: "each kind of damage to one agent's store while it is down: set aside, folded again, equal",
        needs_root: false,
        smoke: true,
        run: |context| damaged(context, DAMAGES.len()).boxed_local(),
    },
    Scenario {
        name: "stores-damaged-often",
        faults: &["F2", "F3", "F4"],
        about: "forty random damages to random stores, each folded again and equal",
        needs_root: false,
        smoke: false,
        run: |context| damaged(context, OFTEN).boxed_local(),
    },
    Scenario {
        name: "stores-deleted-while-running",
        faults: &["F2"],
        about: "every store is deleted under its running process: it goes on, and after kill -9 it folds again",
        needs_root: false,
        smoke: false,
        run: |context| while_running(context).boxed_local(),
    },
    Scenario {
        name: "store-out-of-reach",
        faults: &["F3"],
        about: "a store's folder cannot be used: the agent ends and names the folder, and runs when it is mended",
        needs_root: false,
        smoke: false,
        run: |context| out_of_reach(context).boxed_local(),
    },
    Scenario {
        name: "replayed-from-zero",
        faults: &["F24"],
        about: "every local file is deleted while the courier runs: all is folded again and no mail leaves",
        needs_root: false,
        smoke: true,
        run: |context| from_zero(context).boxed_local(),
    },
];

fn store(rig: &Rig, part: Part) -> PathBuf {
    rig.data().join("state").join(part.name())
}

/// The largest files of a store: where its rows are.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Broken> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Broken::path("list", folder))? {
        let path = entry.map_err(Broken::path("list", folder))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

impl Damage {
    fn strike(self, rig: &Rig, part: Part, random: &mut StdRng) -> Result<(), Broken> {
        let own = store(rig, part);
        match self {
            Self::Deleted => fs::remove_dir_all(&own).map_err(Broken::path("remove", &own)),
            Self::SwappedWithAnother => {
                let other = Part::FOLDS.into_iter().find(|other| *other != part).unwrap_or(Part::Health);
                fs::remove_dir_all(&own).map_err(Broken::path("remove", &own))?;
                world::copy(&store(rig, other), &own)
            }
            Self::ForeignFile => {
                let path = own.join("db");
                fs::write(&path, b"this is no store").map_err(Broken::path("write", &path))
            }
            Self::BitsFlipped | Self::PageZeroed | Self::Truncated | Self::Emptied => {
                for path in files(&own)? {
                    let mut bytes = fs::read(&path).map_err(Broken::path("read", &path))?;
                    self.bytes(&mut bytes, random);
                    fs::write(&path, bytes).map_err(Broken::path("write", &path))?;
                }
                Ok(())
            }
        }
    }

    fn bytes(self, bytes: &mut Vec<u8>, random: &mut StdRng) {
        if bytes.is_empty() {
            return;
        }
        let at = random.random_range(0..bytes.len());
        match self {
            Self::BitsFlipped => {
                for _ in 0..8 {
                    let at = random.random_range(0..bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << random.random_range(0..8);
                    }
                }
            }
            Self::PageZeroed => bytes.iter_mut().skip(at - at % PAGE).take(PAGE).for_each(|byte| *byte = 0),
            Self::Truncated => bytes.truncate(at),
            Self::Emptied => bytes.clear(),
            Self::Deleted | Self::SwappedWithAnother | Self::ForeignFile => {}
        }
    }
}

async fn damaged(context: Context, times: usize) -> Result<Vec<Verdict>, Broken> {
    let mut random = context.random();
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let before = drive::propose(&mut rig, "acme").await?;
    let load = Load::start(&rig, Duration::from_millis(100));
    let mut verdicts = Vec::new();
    for damage in DAMAGES.into_iter().cycle().take(times) {
        let Some(part) = Part::FOLDS.choose(&mut random).copied() else { continue };
        // Half of them go down without a word, and so without a checkpoint.
        if random.random() {
            rig.kill(part)?;
        } else {
            rig.stop(part).await?;
        }
        damage.strike(&rig, part, &mut random)?;
        rig.launch(part)?;
        rig.until_ready().await?;
        let equal = oracle::refold(&mut rig, part).await?;
        verdicts.push(Verdict::of("refold", equal, format!("{damage:?} of {}", part.name())));
    }
    load.stop(&mut rig).await?;
    let waits = oracle::waiting(&mut rig, "acme").await?.is_some_and(|now| now == before);
    verdicts.push(Verdict::of("one-proposal", waits, "the proposal from before still waits, under its own id"));
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

async fn while_running(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let load = Load::start(&rig, Duration::from_millis(50));
    for part in Part::FOLDS {
        let own = store(&rig, part);
        fs::remove_dir_all(&own).map_err(Broken::path("remove", &own))?;
    }
    drive::propose(&mut rig, "acme").await?;
    for part in Part::FOLDS {
        rig.kill(part)?;
        rig.launch(part)?;
    }
    rig.until_ready().await?;
    load.stop(&mut rig).await?;
    oracle::judge_with_delivery(&mut rig).await
}

async fn out_of_reach(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    rig.stop(Part::Health).await?;
    let own = store(&rig, Part::Health);
    let aside = own.with_extension("aside");
    fs::rename(&own, &aside).map_err(Broken::path("rename", &own))?;
    // A file where the folder belongs keeps out root as well.
    fs::write(&own, b"").map_err(Broken::path("write", &own))?;
    rig.launch(Part::Health)?;
    let process = rig.process(Part::Health.name())?;
    let status = process.until_ended(PATIENCE).await?;
    let (said, name) = (process.said(), own.to_string_lossy().into_owned());
    let names = said.lines().last().is_some_and(|line| line.contains(&name));
    let mut verdicts =
        vec![Verdict::of("names-the-cure", status.code() == Some(1) && names, format!("it ended with {status}"))];
    rig.take(Part::Health.name())?;
    fs::remove_file(&own).map_err(Broken::path("remove", &own))?;
    fs::rename(&aside, &own).map_err(Broken::path("rename", &aside))?;
    rig.launch(Part::Health)?;
    rig.until_ready().await?;
    verdicts.extend(oracle::judge(&mut rig).await?);
    Ok(verdicts)
}

async fn from_zero(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let mut sent = Vec::new();
    for account in world::ACCOUNTS.iter().take(3) {
        let proposal = drive::propose(&mut rig, account).await?;
        drive::approve(&mut rig, &proposal).await?;
        sent.push(proposal);
    }
    for proposal in &sent {
        oracle::until_ended(&mut rig, proposal).await?;
    }
    let (mails, actions) = (rig.smtp.received()?.len(), oracle::actions(&rig).await?);
    for part in Part::FOLDS.into_iter().chain([Part::Console]) {
        rig.kill(part)?;
    }
    let state = rig.data().join("state");
    fs::remove_dir_all(&state).map_err(Broken::path("remove", &state))?;
    for name in ["views.sqlite", "views.sqlite-wal", "views.sqlite-shm"] {
        // Not each of them is there.
        fs::remove_file(rig.data().join(name)).ok();
    }
    for part in Part::FOLDS.into_iter().chain([Part::Console]) {
        rig.launch(part)?;
    }
    // The courier reads everything again too.
    rig.kill(Part::Courier)?;
    rig.launch(Part::Courier)?;
    rig.until_ready().await?;
    let mut verdicts = oracle::judge(&mut rig).await?;
    let (mails_now, actions_now) = (rig.smtp.received()?.len(), oracle::actions(&rig).await?);
    let detail = format!("{mails} mails and {actions} actions before, {mails_now} and {actions_now} after");
    let silent = mails == sent.len() && mails_now == mails && actions_now == actions;
    verdicts.push(Verdict::of("replay-sends-nothing", silent, detail));
    Ok(verdicts)
}
