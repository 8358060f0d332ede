//! Texts that are read once: thousands of histories, each with many folds, have the same rules.

use std::{
    any::{Any, TypeId},
    cell::{Cell, RefCell},
    collections::HashMap,
    marker::PhantomData,
    sync::Arc,
};

use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::Kind;

/// What was made of texts, by what it is and by text.
type Made = HashMap<TypeId, HashMap<String, Box<dyn Any>>>;

thread_local! {
    static MADE: RefCell<Made> = RefCell::default();
    static SETS: Cell<u64> = const { Cell::new(0) };
}

/// What is made of a text, which depends on nothing else; made once in a thread. Two uses have two types.
///
/// # Errors
/// Those of `make`.
pub(crate) fn once<T: Any + Clone, E>(text: &str, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let kind = TypeId::of::<T>();
    let known = MADE.with_borrow(|made| made.get(&kind)?.get(text)?.downcast_ref::<T>().cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let new = make()?;
    MADE.with_borrow_mut(|made| {
        made.entry(kind).or_default().insert(text.to_owned(), Box::new(new.clone()));
    });
    Ok(new)
}

/// A policy as its agent reads it.
///
/// # Errors
/// The agent refuses it.
pub(crate) fn policy<A: Agent>(text: &str) -> Result<Arc<A::Policy>, PolicyError> {
    Ok(Once::<A>::policy(text)?.read)
}

/// An agent that reads each set of rules once. It is the agent itself in all else.
pub(crate) struct Once<A>(PhantomData<fn() -> A>);

/// A policy with the playbooks adopted so far.
pub(crate) struct Rules<A: Agent> {
    /// No other set has it.
    set: u64,
    text: Arc<str>,
    adopted: Vec<Arc<Playbook>>,
    read: Arc<A::Policy>,
}

struct Playbook {
    name: String,
    version: u32,
    text: String,
}

impl<A: Agent> Clone for Rules<A> {
    fn clone(&self) -> Self {
        let (text, adopted, read) = (Arc::clone(&self.text), self.adopted.clone(), Arc::clone(&self.read));
        Self { set: self.set, text, adopted, read }
    }
}

impl<A: Agent> Rules<A> {
    fn read(text: Arc<str>, adopted: Vec<Arc<Playbook>>) -> Result<Self, PolicyError> {
        let mut policy = A::policy(&text)?;
        for playbook in &adopted {
            A::adopt(&mut policy, &playbook.name, playbook.version, &playbook.text)?;
        }
        let set = SETS.replace(SETS.get() + 1);
        Ok(Self { set, text, adopted, read: Arc::new(policy) })
    }
}

impl<A: Agent> Agent for Once<A> {
    const NAME: &'static str = A::NAME;
    const READS: &'static [Kind] = A::READS;
    const EMITS: &'static [Kind] = A::EMITS;
    const FOLD_VERSION: u32 = A::FOLD_VERSION;
    const DEFAULT_POLICY: &'static str = A::DEFAULT_POLICY;
    type Policy = Rules<A>;
    type State = A::State;

    fn policy(text: &str) -> Result<Rules<A>, PolicyError> {
        once(text, || Rules::read(Arc::from(text), Vec::new()))
    }

    fn adopt(policy: &mut Rules<A>, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        let key = format!("{}/{name}/{version}/{text}", policy.set);
        *policy = once(&key, || {
            let playbook = Playbook { name: name.to_owned(), version, text: text.to_owned() };
            let adopted = policy.adopted.iter().cloned().chain([Arc::new(playbook)]);
            Rules::read(Arc::clone(&policy.text), adopted.collect())
        })?;
        Ok(())
    }

    fn step(turn: &Turn<'_>, policy: &Rules<A>, state: &mut A::State, input: Input<'_>, effects: &mut Effects) {
        A::step(turn, &policy.read, state, input, effects);
    }
}

#[cfg(test)]
mod tests {
    use engagement::Engagement;

    use super::*;

    #[test]
    fn the_same_rules_are_read_once_and_others_are_others() {
        let text = Engagement::DEFAULT_POLICY;
        let (mut one, mut same) =
            (Once::<Engagement>::policy(text).unwrap(), Once::<Engagement>::policy(text).unwrap());
        assert!(Arc::ptr_eq(&one.read, &same.read));
        let plain = Arc::clone(&one.read);
        let template = "Subject: A word\n\nHello.\n";
        Once::<Engagement>::adopt(&mut one, "template/note", 1, template).unwrap();
        assert!(!Arc::ptr_eq(&one.read, &plain), "what others hold stays as it is");
        Once::<Engagement>::adopt(&mut same, "template/note", 1, template).unwrap();
        assert!(Arc::ptr_eq(&one.read, &same.read));
        Once::<Engagement>::adopt(&mut same, "template/note", 2, "Subject: Another\n\nHello.\n").unwrap();
        assert!(!Arc::ptr_eq(&one.read, &same.read));
        assert!(Once::<Engagement>::adopt(&mut one, "template/note", 1, "{{ nothing of the kind }}").is_err());
        assert!(Once::<Engagement>::policy("this = [is no policy").is_err());
    }
}
