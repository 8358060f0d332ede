//! The chains a fold speaks through, opened when it first has something to say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{Bus, Chain, ChainError, Packed};
use bus_schema::{
    Partition, TurnId,
    subject::{Stream, log_fact},
};

use crate::fold::Said;

/// Between two tries to open a chain while the bus is away.
const RETRY: Duration = Duration::from_millis(200);

/// The chains of one fold.
pub(crate) struct Voice {
    bus: Bus,
    agent: &'static str,
    from: Partition,
    epoch: u64,
    chains: BTreeMap<Partition, Arc<Chain>>,
    chorus: Chorus,
    /// The fold went back: it says again what the chains already took.
    repeats: bool,
}

/// Who speaks: agent, its partition, the partition spoken into.
type Speaker = (&'static str, Partition, Partition);

/// Every open chain of the process, for those who wait until all has been said.
#[derive(Clone, Default)]
pub(crate) struct Chorus(Arc<Mutex<BTreeMap<Speaker, Arc<Chain>>>>);

impl Chorus {
    fn chains(&self) -> MutexGuard<'_, BTreeMap<Speaker, Arc<Chain>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything pushed so far is stored; answers the last sequence of each partition spoken into.
    pub(crate) async fn flush(&self) -> Result<BTreeMap<Partition, u64>, (Speaker, ChainError)> {
        let open: Vec<_> = self.chains().iter().map(|(speaker, chain)| (*speaker, Arc::clone(chain))).collect();
        let mut last = BTreeMap::new();
        for (speaker, chain) in open {
            chain.flush().await.map_err(|error| (speaker, error))?;
            let known: &mut u64 = last.entry(speaker.2).or_default();
            *known = (*known).max(chain.progress().borrow().seq);
        }
        Ok(last)
    }
}

impl Voice {
    pub(crate) const fn new(bus: Bus, agent: &'static str, from: Partition, epoch: u64, chorus: Chorus) -> Self {
        Self { bus, agent, from, epoch, chains: BTreeMap::new(), chorus, repeats: false }
    }

    /// Says what the turns of a message said, unless it was said before.
    pub(crate) async fn say(&mut self, said: Vec<Said>) -> Result<(), ChainError> {
        let mut places = BTreeMap::<Partition, Vec<(TurnId, Vec<Packed>)>>::new();
        for Said { turn, to, events } in said {
            places.entry(to).or_default().push((turn, events));
        }
        for (to, mut turns) in places {
            let chain = self.chain(to).await?;
            if self.repeats {
                let pushed = chain.pushed();
                turns.retain(|(turn, _)| Some(*turn) > pushed);
            }
            chain.push_all(turns).await?;
        }
        Ok(())
    }

    /// Waits until everything said is stored.
    pub(crate) async fn flush(&self) -> Result<(), ChainError> {
        for chain in self.chains.values() {
            chain.flush().await?;
        }
        Ok(())
    }

    /// Begins again under another epoch: the fold is about to say everything from the start.
    pub(crate) fn restart(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.repeats = false;
        self.hush();
    }

    /// From here on, what the chains already took is passed over.
    pub(crate) const fn repeat(&mut self) {
        self.repeats = true;
    }

    async fn chain(&mut self, to: Partition) -> Result<Arc<Chain>, ChainError> {
        if let Some(chain) = self.chains.get(&to) {
            return Ok(Arc::clone(chain));
        }
        let subject = log_fact(to, self.agent, self.from);
        let chain = loop {
            match Chain::open(self.bus.clone(), Stream::Log, subject.clone(), self.epoch).await {
                Err(ChainError::Read { source, .. }) if source.is_transient() => tokio::time::sleep(RETRY).await,
                opened => break Arc::new(opened?),
            }
        };
        self.chains.insert(to, Arc::clone(&chain));
        self.chorus.chains().insert((self.agent, self.from, to), Arc::clone(&chain));
        Ok(chain)
    }

    fn hush(&mut self) {
        let mut chorus = self.chorus.chains();
        for to in std::mem::take(&mut self.chains).into_keys() {
            chorus.remove(&(self.agent, self.from, to));
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.hush();
    }
}
