//! The one planner of touches: which of them becomes a proposal now, to whom, in which words; and why not the others.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Time,
    data::facts::{
        BudgetReserved, HeldReason, MergeField, MessageClass, OutreachProposed, Priority, TouchpointHeld,
        TouchpointMerged,
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    CHANNEL,
    blocks::{self, Stay},
    budget,
    causes::is_over,
    hours,
    policy::Policy,
    recipients,
    similar::{overlap_bp, shingles, words},
    state::{Account, Open, Touch, Waiting},
    template::Filled,
};

/// The one timer of an account.
pub const RECHECK: &str = "recheck";

/// Touches of one account that may wait.
const WAITING_MAX: usize = 30;

/// What becomes of a touch.
enum Next {
    Propose(Box<Plan>),
    Merge(String),
    Stay(Stay),
}

/// A touch that can be proposed.
struct Plan {
    contact: String,
    role: String,
    filled: Filled,
    shingles: Vec<u32>,
    fields: Vec<MergeField>,
    template_version: u32,
}

/// Looks at every touch that waits, the most urgent first.
pub fn plan(turn: &Turn<'_>, policy: &Policy, state: &mut Account, effects: &mut Effects) {
    let mut waiting = std::mem::take(&mut state.waiting);
    waiting.sort_by_key(|w| (rank(policy, state, turn.now, w.touch.priority), w.touch.requested_at));
    let mut proposals = 0;
    for mut waits in waiting {
        let dies_at = waits.touch.requested_at.plus_ms(i64::from(policy.hold.dies_days) * DAY_MS);
        let stay = match next(policy, state, turn.now, &waits.touch) {
            Next::Propose(plan) if turn.now < dies_at => {
                propose(turn, policy, state, effects, &waits.touch, *plan, proposals);
                proposals += 1;
                continue;
            }
            Next::Merge(proposal) if turn.now < dies_at => {
                merge(state, effects, waits.touch, proposal);
                continue;
            }
            Next::Propose(_) | Next::Merge(_) => Stay::dropped(HeldReason::Late, "it could not be proposed in time"),
            Next::Stay(stay) => stay,
        };
        let recheck_at = stay.recheck_at.filter(|_| turn.now < dies_at).map(|at| at.min(dies_at));
        if recheck_at.is_none() || waits.held != Some(stay.reason) {
            effects.emit(held(&waits.touch, &stay, recheck_at, dies_at));
        }
        if let Some(recheck_at) = recheck_at {
            (waits.held, waits.recheck_at) = (Some(stay.reason), recheck_at);
            state.waiting.push(waits);
        }
    }
    match state.waiting.iter().map(|waits| waits.recheck_at).min() {
        Some(due) => effects.set_timer(RECHECK, due.max(turn.now.plus_ms(1))),
        None => effects.cancel_timer(RECHECK),
    }
}

/// Takes in a touch; one that is already under way is refused.
pub fn request(state: &mut Account, effects: &mut Effects, touch: Touch, now: Time) {
    let key = (touch.play.clone(), touch.cause_key.clone());
    let waits = state.waiting.iter().any(|w| (w.touch.play.as_str(), w.touch.cause_key.as_str()) == (&key.0, &key.1));
    if waits || state.open.values().any(|open| open.cause_keys.contains(&key)) {
        let stay = Stay::dropped(HeldReason::Duplicate, format!("{} is already under way on {}", key.0, key.1));
        effects.emit(held(&touch, &stay, None, now));
        return;
    }
    if state.waiting.len() >= WAITING_MAX {
        let stay = Stay::dropped(HeldReason::Outranked, format!("{WAITING_MAX} touches wait on this account already"));
        effects.emit(held(&touch, &stay, None, now));
        return;
    }
    state.waiting.push(Waiting { touch, held: None, recheck_at: now });
}

/// Drops touches that rest on something that is over.
pub fn drop_cause(state: &mut Account, effects: &mut Effects, cause_key: &str, now: Time) {
    let (gone, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.waiting).into_iter().partition(|waits| is_over(&waits.touch.cause_key, cause_key));
    state.waiting = kept;
    for waits in gone {
        let reason = waits.held.unwrap_or(HeldReason::Late);
        let stay = Stay::dropped(reason, format!("what it rested on is over: {}", waits.touch.cause_key));
        effects.emit(held(&waits.touch, &stay, None, now));
    }
}

/// The place in the order, most urgent first.
fn rank(policy: &Policy, state: &Account, now: Time, priority: Priority) -> (u8, Priority) {
    let near = state.profile.decision_day().is_some_and(|day| {
        let left = i64::from(day.0) - i64::from(now.day().0);
        (0..=i64::from(policy.hold.renewal_first_days)).contains(&left)
    });
    let first = match priority {
        Priority::Incident | Priority::Escalation => 0,
        Priority::Renewal if near => 1,
        Priority::Save => 2,
        Priority::Renewal
        | Priority::Onboarding
        | Priority::ClosedLoop
        | Priority::Review
        | Priority::Adoption
        | Priority::Expansion
        | Priority::Advocacy
        | Priority::Survey => 3,
    };
    (first, priority)
}

fn next(policy: &Policy, state: &Account, now: Time, touch: &Touch) -> Next {
    attempt(policy, state, now, touch).unwrap_or_else(Next::Stay)
}

fn attempt(policy: &Policy, state: &Account, now: Time, touch: &Touch) -> Result<Next, Stay> {
    blocks::check(policy, state, now, touch)?;
    if let Some(next) = arbiter(policy, state, now, touch) {
        return Ok(next);
    }
    let given = touch.fields();
    let (filled, template_version) = fill(policy, touch, &given)?;
    let fields: Vec<MergeField> = filled.told.iter().filter_map(|place| given.get(*place).cloned()).collect();
    enough_facts(policy, now, touch, &fields)?;
    let marks = shingles(&filled.body);
    budget::account(policy, state, now, touch.class)
        .map_err(|full| Stay::until(HeldReason::BudgetAccount, full.detail, full.free_at))?;
    let (contact, role) =
        recipients::choose(policy, state, now, touch, &|contact| generic(policy, state, now, touch, contact, &marks))?;
    Ok(Next::Propose(Box::new(Plan { contact, role, filled, shingles: marks, fields, template_version })))
}

/// A touch that is as urgent or more so goes first: an open one takes this one in where it may, else this one waits.
/// Service notices neither wait nor make others wait.
fn arbiter(policy: &Policy, state: &Account, now: Time, touch: &Touch) -> Option<Next> {
    if touch.class == MessageClass::Transactional {
        return None;
    }
    let own = rank(policy, state, now, touch.priority);
    let before = |priority: Priority| rank(policy, state, now, priority) <= own;
    let personal = |class: MessageClass| class != MessageClass::Transactional;
    let mut open = state.open.iter().filter(|(_, open)| personal(open.class) && before(open.priority));
    if let Some((proposal, open)) = open.next() {
        let reads_it = recipients::candidates(state, touch).iter().any(|(contact, _)| *contact == open.contact);
        if reads_it && !open.approved && open.ending.is_none() && mixes(open, touch) {
            return Some(Next::Merge(proposal.clone()));
        }
        let later = now.plus_ms(i64::from(policy.hold.recheck_hours) * HOUR_MS);
        let detail = format!("{} is open and goes first", open.play);
        return Some(Next::Stay(Stay::until(HeldReason::Outranked, detail, later)));
    }
    let wait = i64::from(policy.hold.outranked_hours) * HOUR_MS;
    let recent = state
        .sent
        .iter()
        .rev()
        .find(|sent| now.since_ms(sent.at) < wait && personal(sent.class) && sent.priority.is_some_and(before))?;
    let name = recent.priority.map_or("other", Priority::name);
    let detail = format!("a {name} message was sent less than {} hours ago", policy.hold.outranked_hours);
    Some(Next::Stay(Stay::until(HeldReason::Outranked, detail, recent.at.plus_ms(wait))))
}

/// Whether two touches may share a card: never an offer with a save, nothing with an incident.
fn mixes(open: &Open, touch: &Touch) -> bool {
    let save = open.priority == Priority::Save || touch.priority == Priority::Save;
    let offer = open.class == MessageClass::Commercial || touch.class == MessageClass::Commercial;
    let incident = open.priority == Priority::Incident || touch.priority == Priority::Incident;
    let survey = open.class == MessageClass::Survey || touch.class == MessageClass::Survey;
    !(incident || survey || save && offer)
}

fn enough_facts(policy: &Policy, now: Time, touch: &Touch, fields: &[MergeField]) -> Result<(), Stay> {
    if touch.class == MessageClass::Transactional {
        return Ok(());
    }
    let age = i64::from(policy.draft.facts_age_days_max) * DAY_MS;
    let fresh = fields.iter().filter(|field| !field.events.is_empty() && now.since_ms(field.at) < age).count();
    let min = policy.draft.facts_min;
    if fresh >= min {
        return Ok(());
    }
    let detail =
        format!("{fresh} facts younger than {} days to tell, {min} are needed", policy.draft.facts_age_days_max);
    Err(Stay::dropped(HeldReason::TooFewFacts, detail))
}

fn fill(policy: &Policy, touch: &Touch, fields: &[MergeField]) -> Result<(Filled, u32), Stay> {
    let broken = |detail: String| Stay::dropped(HeldReason::TemplateError, detail);
    let name = &touch.template;
    let template =
        policy.templates.get(name).ok_or_else(|| broken(format!("template {name} is not published: publish it")))?;
    let filled = template.fill(fields).map_err(|error| broken(error.to_string()))?;
    let count = words(&filled.body);
    if count > policy.draft.words_max {
        return Err(broken(format!("template {name}: {count} words, at most {}", policy.draft.words_max)));
    }
    Ok((filled, template.version))
}

/// The message it is too much like, in words.
fn generic(policy: &Policy, state: &Account, now: Time, touch: &Touch, contact: &str, draft: &[u32]) -> Option<String> {
    if touch.class == MessageClass::Transactional {
        return None;
    }
    let limits = &policy.draft;
    let known = || state.sent.iter().rev().filter(|sent| !sent.shingles.is_empty());
    let theirs = known().filter(|sent| sent.contact == contact).take(limits.like_contact_messages);
    let worst = theirs.map(|sent| overlap_bp(draft, &sent.shingles)).max().unwrap_or(0);
    if worst > limits.like_contact_bp {
        return Some(format!("{} % like one of the last messages to this contact", worst / 100));
    }
    let age = i64::from(limits.like_account_days) * DAY_MS;
    let recent = known().filter(|sent| now.since_ms(sent.at) < age).map(|sent| &sent.shingles);
    let all = recent.chain(state.open.values().map(|open| &open.shingles));
    let worst = all.map(|other| overlap_bp(draft, other)).max().unwrap_or(0);
    (worst > limits.like_account_bp)
        .then(|| format!("{} % like a message to this account in {} days", worst / 100, limits.like_account_days))
}

fn held(touch: &Touch, stay: &Stay, recheck_at: Option<Time>, dies_at: Time) -> Data {
    let dropped = stay.recheck_at.is_some() && recheck_at.is_none();
    let detail = if dropped { format!("{}; dropped on {}", stay.detail, dies_at.day()) } else { stay.detail.clone() };
    let (touch, play) = (touch.id.clone(), touch.play.clone());
    Data::TouchpointHeld(TouchpointHeld { touch, play, reason: stay.reason, detail, recheck_at })
}

fn merge(state: &mut Account, effects: &mut Effects, touch: Touch, proposal: String) {
    if let Some(open) = state.open.get_mut(&proposal) {
        open.touches.push(touch.id.clone());
        open.cause_keys.push((touch.play.clone(), touch.cause_key));
    }
    effects.emit(Data::TouchpointMerged(TouchpointMerged { touch: touch.id, play: touch.play, proposal }));
}

fn propose(
    turn: &Turn<'_>,
    policy: &Policy,
    state: &mut Account,
    effects: &mut Effects,
    touch: &Touch,
    plan: Plan,
    n: u32,
) {
    let proposal = turn.id(n);
    let Plan { contact, role, filled, shingles, fields, template_version } = plan;
    let office = hours::of(policy, &state.profile, &contact, turn.now);
    let urgent = touch.priority == Priority::Incident;
    let not_before = agent::hours::next_slot(turn.now, &office).filter(|_| !urgent);
    let from = not_before.unwrap_or(turn.now);
    let expires = agent::hours::working_days_after(from, policy.proposal.expires_working_days, &office);
    state.open.insert(
        proposal.clone(),
        Open {
            touches: vec![touch.id.clone()],
            play: touch.play.clone(),
            cause_keys: vec![(touch.play.clone(), touch.cause_key.clone())],
            priority: touch.priority,
            class: touch.class,
            contact: contact.clone(),
            shingles: shingles.clone(),
            approved: false,
            signed_until: None,
            ending: None,
        },
    );
    let reserved = BudgetReserved { proposal: proposal.clone(), contact: contact.clone(), class: touch.class };
    effects.emit_for(&contact, Data::BudgetReserved(reserved));
    let draft_hash = agent::digest::draft_hash(&filled.subject, &filled.body);
    let proposed = OutreachProposed {
        proposal,
        version: 1,
        touches: vec![touch.id.clone()],
        play: touch.play.clone(),
        play_version: touch.play_version,
        priority: touch.priority,
        class: touch.class,
        channel: CHANNEL.into(),
        template: touch.template.clone(),
        template_version,
        contact: contact.clone(),
        role,
        subject: filled.subject,
        body: filled.body,
        draft_hash,
        shingles,
        fields,
        why: touch.why.clone(),
        evidence: touch.evidence(),
        value: touch.value,
        if_nothing: if_nothing(touch.priority).into(),
        agent: touch.agent.clone(),
        cause_key: touch.cause_key.clone(),
        not_before,
        hours: (!urgent).then_some(office),
        expires,
    };
    effects.emit_for(&contact, Data::OutreachProposed(proposed));
}

/// What is said of a card that nobody decides on.
const fn if_nothing(priority: Priority) -> &'static str {
    match priority {
        Priority::Incident => "Nothing is sent. The customer is not told of the incident by us.",
        Priority::Escalation => "Nothing is sent. The escalation stays open without a word from us.",
        Priority::Save => "Nothing is sent. The account stays at risk.",
        Priority::Renewal => "Nothing is sent. The renewal comes nearer without this step.",
        Priority::Onboarding => "Nothing is sent. The onboarding step stays open.",
        Priority::ClosedLoop => "Nothing is sent. The customer's feedback stays without an answer.",
        Priority::Review => "Nothing is sent. The review stays due.",
        Priority::Adoption => "Nothing is sent. Use stays as it is.",
        Priority::Expansion => "Nothing is sent. The opportunity stays open.",
        Priority::Advocacy => "Nothing is sent. The customer is not asked.",
        Priority::Survey => "Nothing is sent. There is no answer to learn from.",
    }
}
