//! What processes keep on disk, and what becomes of it between two starts.

use std::{collections::BTreeMap, path::PathBuf};

use runtime::store::{MemoryDisk, Rows};

use crate::plan::{Damage, Process};

/// Every machine's disk: two for each kind of process.
#[derive(Default)]
pub(crate) struct Stores {
    disks: BTreeMap<(Process, u8), Store>,
}

#[derive(Default)]
struct Store {
    disk: MemoryDisk,
    kept: Option<BTreeMap<PathBuf, Rows>>,
    treatments: Vec<Treatment>,
}

/// What happens to the stores of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Treatment {
    Keep,
    Wipe,
    RollBack,
    Damage(Damage),
}

impl Stores {
    /// A disk as the next process finds it.
    pub(crate) fn open(&mut self, process: Process, slot: u8) -> &MemoryDisk {
        let store = self.disks.entry((process, slot)).or_default();
        for treatment in std::mem::take(&mut store.treatments) {
            store.apply(treatment);
        }
        &store.disk
    }

    /// A copy is kept at once; the rest shows at the next start.
    pub(crate) fn treat(&mut self, process: Process, treatment: Treatment) {
        for (_, store) in self.disks.iter_mut().filter(|((of, _), _)| *of == process) {
            match treatment {
                Treatment::Keep => store.apply(treatment),
                Treatment::Wipe | Treatment::RollBack | Treatment::Damage(_) => store.treatments.push(treatment),
            }
        }
    }
}

impl Store {
    fn apply(&mut self, treatment: Treatment) {
        match treatment {
            Treatment::Keep => self.kept = Some(self.disk.image()),
            Treatment::Wipe => self.disk.restore(BTreeMap::new()),
            Treatment::RollBack => {
                if let Some(kept) = self.kept.clone() {
                    self.disk.restore(kept);
                }
            }
            Treatment::Damage(damage) => {
                let mut image = self.disk.image();
                self::damage(&mut image, damage);
                self.disk.restore(image);
            }
        }
    }
}

fn damage(image: &mut BTreeMap<PathBuf, Rows>, damage: Damage) {
    match damage {
        Damage::Lose { rows } => {
            for folder in image.values_mut() {
                // The last row of all says whose the folder is; without it nobody would read the rest.
                let gone: Vec<Vec<u8>> = folder.keys().rev().skip(1).take(rows.into()).cloned().collect();
                folder.retain(|key, _| !gone.contains(key));
            }
        }
        Damage::Flip { row, bit } => {
            let count: usize = image.values().map(BTreeMap::len).sum();
            let Some(at) = usize::from(row).checked_rem(count) else { return };
            let Some(value) = image.values_mut().flat_map(BTreeMap::values_mut).nth(at) else { return };
            let bits = value.len() * 8;
            let Some(bit) = usize::from(bit).checked_rem(bits) else { return };
            if let Some(byte) = value.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }
}
