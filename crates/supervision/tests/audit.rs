//! The audit log: every decision is in the hash chain of the gate's messages, and a verifier that knows nothing of
//! Mainstay but the formula finds what was changed, taken out or put elsewhere.

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use agent::Agent as _;
    use bus::{Bus, Chain, MemoryBus, Message, Packed, Stored};
    use bus_schema::{
        Actor, ActorKind, Batch, Data, Entity, Envelope, Event, Header, Partitions, Time, TurnId,
        data::{
            action::ClockMode,
            facts::{ClockTicked, MessageClass, OutreachProposed, Priority},
            people::{DecisionRecorded, Verdict},
            words::Label,
        },
        subject::{self, Stream},
    };
    use runtime::{Config, Member, Runtime};
    use sha2::{Digest as _, Sha256};
    use supervision::{Copied, Copies, Rule, RuleKind, publish_first};
    use supervisor::Supervisor;

    const NOON: Time = Time(1_772_366_400_000);
    const PATIENCE: Duration = Duration::from_secs(30);
    const ACME: &str = "acme";

    fn label(text: &str) -> Label {
        Label::new(text).unwrap()
    }

    fn event(id: &str, actor: Option<Actor>, data: Data) -> Event {
        let header = Header {
            source: "test".into(),
            id: id.into(),
            entity: Entity::account(ACME),
            time: NOON,
            logtime: NOON,
            actor,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        Event { header, data }
    }

    fn packed(event: &Event) -> Packed {
        let json = serde_json::to_vec(&Envelope::of(event, None)).unwrap();
        Packed { kind: event.kind(), entity_hash: event.header.entity.hash(), json }
    }

    fn proposed(id: &str) -> Data {
        Data::OutreachProposed(OutreachProposed {
            proposal: id.into(),
            version: 1,
            touches: Vec::new(),
            play: format!("play-{id}"),
            play_version: 1,
            priority: Priority::Save,
            class: MessageClass::Relationship,
            channel: "email".into(),
            template: "t".into(),
            template_version: 1,
            contact: format!("c_{id}"),
            role: "champion".into(),
            subject: "s".into(),
            body: "b".into(),
            draft_hash: format!("draft-{id}"),
            shingles: Vec::new(),
            fields: Vec::new(),
            why: "w".into(),
            evidence: Vec::new(),
            value: None,
            if_nothing: "n".into(),
            agent: "churn".into(),
            cause_key: format!("cause-{id}"),
            hours: None,
            not_before: None,
            expires: NOON.plus_ms(86_400_000),
        })
    }

    fn decided(id: &str, verdict: Verdict) -> Data {
        Data::DecisionRecorded(DecisionRecorded {
            proposal: label(id),
            verdict,
            version: 1,
            draft_hash: label(&format!("draft-{id}")),
            bytes_hash: (verdict == Verdict::Approve).then(|| label(&format!("bytes-{id}"))),
            recipients_hash: None,
            channel: None,
            edited: false,
            reason: None,
        })
    }

    /// What a person says, as the console puts it on PEOPLE.
    async fn say(out: &Bus, id: &str, data: Data) -> u64 {
        let person = Actor { kind: ActorKind::Person, id: "ana".into() };
        let event = event(&format!("decision-{id}"), Some(person), data);
        let mut batch = Batch::new();
        batch.push_raw(event.kind(), event.header.entity.hash(), &packed(&event).json);
        let (body, index) = batch.finish();
        let p = Partitions::default().of(&event.header.entity);
        let message = Message::new(subject::people_proposal(p, id), body).with_header("Ms-Index", index);
        out.publish(message, Some(0)).await.unwrap()
    }

    /// The formula of the chain, on its own: length and bytes of subject, turn, epoch, previous, index and body.
    fn hash(message: &Stored) -> String {
        let header = |name: &str| message.headers.get(name).unwrap_or_default().as_bytes().to_vec();
        let parts = [
            message.subject.as_bytes().to_vec(),
            header("Ms-Turn"),
            header("Ms-Epoch"),
            header("Ms-Prev"),
            header("Ms-Index"),
            message.body.to_vec(),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap().to_le_bytes());
            hash.update(part);
        }
        data_encoding::HEXLOWER.encode(&hash.finalize())
    }

    /// The place of the first message that does not follow from the one before it. `last` is the hash of the last one, as
    /// whoever keeps it elsewhere knows it.
    fn broken(messages: &[Stored], last: &str) -> Option<usize> {
        let mut prev = "0".repeat(64);
        for (at, message) in messages.iter().enumerate() {
            if message.headers.get("Ms-Prev") != Some(prev.as_str()) {
                return Some(at);
            }
            prev = hash(message);
        }
        (prev != last).then_some(messages.len())
    }

    async fn audit_log(bus: &Bus, subject: &str) -> Vec<Stored> {
        let mut reader = bus.reader(Stream::Log, "audit", &[subject.to_owned()], 1).await.unwrap();
        reader.next(1_000, Duration::from_millis(10)).await.unwrap()
    }

    fn said(messages: &[Stored]) -> Vec<Data> {
        let events = messages.iter().flat_map(|message| Packed::unpack(message).unwrap());
        events.map(|packed| serde_json::from_slice::<Envelope>(&packed.json).unwrap().event().unwrap().data).collect()
    }

    /// Approves one proposal and rejects another; answers with the gate's messages.
    async fn history() -> Vec<Stored> {
        let bus: Bus = MemoryBus::with_clock(|| NOON).into();
        let folder = tempfile::tempdir().unwrap();
        let partition = Partitions::default().of(&Entity::account(ACME));
        let rule = Rule { kind: RuleKind::Policy, name: "supervisor".into(), text: Supervisor::DEFAULT_POLICY.into() };
        let install = Actor { kind: ActorKind::Install, id: "0".into() };
        let seq = publish_first(&bus, &[rule], &install, NOON).await.unwrap();
        let people = Copies::start(Copied::People, bus.clone(), bus.clone(), Partitions::default()).await.unwrap();
        people.wait(seq).await.unwrap();
        let config = Config { partitions: Some(vec![partition]), ..Config::new(folder.path()) };
        let runtime = Runtime::start(config, bus.clone(), vec![Member::of::<Supervisor>(bus.clone())]).await.unwrap();
        let chain = async |subject| Chain::open(bus.clone(), Stream::Log, subject, 1).await.unwrap();
        let ticks = chain(subject::log_in(partition)).await;
        let engagement = chain(subject::log_fact(partition, "engagement", partition)).await;
        let tick = Data::ClockTicked(ClockTicked { mode: ClockMode::Live });
        ticks.push(TurnId { seq: 1, index: 0, ordinal: 0 }, vec![packed(&event("tick", None, tick))]).await.unwrap();
        ticks.flush().await.unwrap();
        for (n, id) in (1..).zip(["yes", "no"]) {
            let turn = TurnId { seq: n, index: 0, ordinal: 0 };
            engagement.push(turn, vec![packed(&event(id, None, proposed(id)))]).await.unwrap();
            engagement.flush().await.unwrap();
        }
        let subject = subject::log_fact(partition, "supervisor", partition);
        let until = async |what: &str, done: &dyn Fn(&[Data]) -> bool| {
            let begun = Instant::now();
            loop {
                let messages = audit_log(&bus, &subject).await;
                if done(&said(&messages)) {
                    return messages;
                }
                assert!(begun.elapsed() < PATIENCE, "{what} did not come: {:?}", said(&messages));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let filed = |said: &[Data]| said.iter().filter(|data| matches!(data, Data::ProposalFiled(_))).count() == 2;
        until("two cards", &filed).await;
        say(&bus, "yes", decided("yes", Verdict::Approve)).await;
        say(&bus, "no", decided("no", Verdict::Reject)).await;
        let decided = |said: &[Data]| said.iter().filter(|data| matches!(data, Data::ProposalDecided(_))).count() == 2;
        let messages = until("two decisions", &decided).await;
        runtime.stop().await;
        people.stop().await;
        messages
    }

    #[tokio::test]
    async fn every_decision_is_in_the_chain_and_no_change_of_it_passes() {
        let messages = history().await;
        let decisions: Vec<(String, Verdict)> = said(&messages)
            .into_iter()
            .filter_map(|data| match data {
                Data::ProposalDecided(data) => Some((data.proposal, data.verdict)),
                _ => None,
            })
            .collect();
        assert!(decisions.contains(&("yes".into(), Verdict::Approve)), "{decisions:?}");
        assert!(decisions.contains(&("no".into(), Verdict::Reject)), "{decisions:?}");
        assert!(messages.len() > 2, "a chain of {} messages shows little", messages.len());
        let last = hash(messages.last().unwrap());
        assert_eq!(broken(&messages, &last), None);
        for at in 0..messages.len() {
            let mut edited = messages.clone();
            let mut body = edited[at].body.to_vec();
            let middle = body.len() / 2;
            body[middle] ^= 1;
            edited[at].body = body.into();
            assert_eq!(broken(&edited, &last), Some(at + 1), "an edited message passes");
            let mut shorter = messages.clone();
            shorter.remove(at);
            assert!(broken(&shorter, &last).is_some(), "a message that was taken out is not missed");
            if at > 0 {
                let mut swapped = messages.clone();
                swapped.swap(at - 1, at);
                assert_eq!(broken(&swapped, &last), Some(at - 1), "two messages in another order pass");
            }
        }
    }
}
