//! Who is in a world: sizes, causes, terms and dates, drawn so that nothing visible carries a cause.

use bus_schema::Day;

use crate::{
    account::{Account, Size},
    dice::Dice,
    names::CSMS,
    story::{ARCHETYPES, Archetype, Scare},
};

/// Of 85 accounts, how many begin within the first 100 days.
const STARTERS_OF_85: u32 = 9;
/// Days within which they begin.
const STARTS: (i32, i32) = (0, 100);

/// All accounts of a world whose first counted day is `first`.
pub(crate) fn accounts(seed: u64, count: u32, first: Day, days: i32) -> Vec<Account> {
    let mut dice = Dice::of(&[seed, 0]);
    let plan = plan(&mut dice, count);
    let mut books = [0_u64; 4];
    let mut out: Vec<Account> = Vec::new();
    for (number, (size, archetype)) in (0_u32..).zip(plan) {
        let csm = lightest(&mut books, size);
        out.push(Account::draw(seed, number, size, archetype, csm));
    }
    for account in &mut out {
        let mut dice = Dice::of(&[seed, 3, account.number]);
        begins(&mut dice, account, first);
        term(&mut dice, account, first);
    }
    starters(&mut dice, &mut out, first, count);
    for account in &mut out {
        let mut dice = Dice::of(&[seed, 4, account.number]);
        story(&mut dice, account, first, days);
    }
    out
}

/// Sizes with causes, in an order that says nothing: causes are dealt to vendors and to customers as they are counted.
fn plan(dice: &mut Dice, count: u32) -> Vec<(Size, Archetype)> {
    let sizes = Size::OF_85.map(|(size, of_85)| (size, of_85));
    let mut sizes = shares(dice, count, &sizes);
    dice.shuffle(&mut sizes);
    let vendors = u32::try_from(sizes.iter().filter(|size| **size == Size::Vendor).count()).unwrap_or(0);
    let mut of_vendors = shares(dice, vendors, &ARCHETYPES.map(|(archetype, _, vendors)| (archetype, vendors)));
    let of_customers = ARCHETYPES.map(|(archetype, all, vendors)| (archetype, all - vendors));
    let mut of_customers = shares(dice, count - vendors, &of_customers);
    dice.shuffle(&mut of_vendors);
    dice.shuffle(&mut of_customers);
    let mut dealt = |size: Size| {
        let of = if size == Size::Vendor { &mut of_vendors } else { &mut of_customers };
        of.pop().unwrap_or(Archetype::Steady)
    };
    sizes.into_iter().map(|size| (size, dealt(size))).collect()
}

/// As many of each as its share says; what is left over by chance, the larger remainder more likely.
fn shares<T: Copy>(dice: &mut Dice, count: u32, of: &[(T, u32)]) -> Vec<T> {
    let all: u32 = of.iter().map(|(_, share)| share).sum();
    let mut out = Vec::new();
    for (what, share) in of {
        let thousandths = u64::from(count) * u64::from(*share) * 1_000 / u64::from(all.max(1));
        for _ in 0..dice.count(thousandths) {
            out.push(*what);
        }
    }
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    dice.shuffle(&mut out);
    out.truncate(wanted);
    // The most common one fills up.
    let common = of.iter().max_by_key(|(_, share)| *share).map(|(what, _)| *what);
    while let Some(common) = common.filter(|_| out.len() < wanted) {
        out.push(common);
    }
    out
}

/// The manager with the lightest book.
fn lightest(books: &mut [u64; 4], size: Size) -> &'static str {
    let load = match size {
        Size::Strategic => 20,
        Size::Enterprise => 10,
        Size::MidMarket => 3,
        Size::Smb | Size::Vendor => 1,
    };
    let lightest = books.iter_mut().zip(CSMS).min_by_key(|(book, _)| **book);
    lightest.map_or("ana", |(book, csm)| {
        *book += load;
        csm
    })
}

fn begins(dice: &mut Dice, account: &mut Account, first: Day) {
    account.created = first.plus(-dice.days(120, 1_500));
    account.first = first.plus(-crate::HISTORY_DAYS);
}

/// Terms end all along the year; what is monthly ends at the end of any month.
fn term(dice: &mut Dice, account: &mut Account, first: Day) {
    let small = account.size.is_small();
    account.term.monthly = small && (account.size == Size::Vendor || dice.falls(600));
    account.term.auto_renew = dice.falls(500);
    account.term.notice_days = if matches!(account.size, Size::Strategic | Size::Enterprise) { 60 } else { 30 };
    let months = match account.size {
        Size::Strategic | Size::Enterprise => dice.pick(&[12, 24, 36]).copied().unwrap_or(12),
        Size::MidMarket | Size::Smb | Size::Vendor => 12,
    };
    let length = months * 365 / 12;
    account.term.end = first.plus(dice.days(10, length.max(370)));
    account.term.start = account.term.end.plus(1 - length);
    if account.term.start < account.created {
        account.created = account.term.start;
    }
}

/// Those who are stuck at the beginning, and a few others, begin while the world runs.
fn starters(dice: &mut Dice, accounts: &mut [Account], first: Day, count: u32) {
    let wanted = usize::try_from(count * STARTERS_OF_85 / 85).unwrap_or(0);
    let mut order: Vec<usize> = (0..accounts.len()).collect();
    dice.shuffle(&mut order);
    let slow = |account: &Account| account.story.archetype == Archetype::SlowStart;
    let others = |account: &Account| matches!(account.story.archetype, Archetype::Steady | Archetype::Growing);
    order.sort_by_key(|at| accounts.get(*at).map_or(2, |a| if slow(a) { 0 } else { 1 + i32::from(!others(a)) }));
    let slow_ones = accounts.iter().filter(|account| slow(account)).count();
    for at in order.into_iter().take(wanted.max(slow_ones)) {
        if let Some(account) = accounts.get_mut(at) {
            let day = crate::calendar::working(first.plus(dice.days(STARTS.0, STARTS.1)));
            (account.created, account.first) = (day, day);
            (account.term.start, account.term.end) = (day, day.plus(364));
        }
    }
}

/// When a cause begins and when it decides. Where a term has to end first, the cause is placed before it.
fn story(dice: &mut Dice, account: &mut Account, first: Day, days: i32) {
    let archetype = account.story.archetype;
    let (low, high) = archetype.decides_after();
    let after = dice.days(low, high);
    let anywhere = first.plus(dice.days(-30, (days - 30).max(1)));
    let decision = account.term.end.plus(-dice.days(30, 60).max(account.term.notice_days));
    let due = decision >= first.plus(7) && decision < first.plus(days + 60);
    match archetype {
        Archetype::Steady | Archetype::Growing | Archetype::Promoter => {
            account.story.begins = first.plus(dice.days(-20, days / 2));
            account.story.decides = (!account.term.monthly && account.created < first).then_some(decision);
        }
        Archetype::FalseScare => {
            account.story.begins = first.plus(dice.days(-10, days.max(1)));
            if account.story.scare == Scare::CardExpired {
                account.term.monthly = true;
            }
        }
        Archetype::SlowStart => {
            account.story.begins = account.created.plus(5);
            account.story.decides = Some(account.created.plus(after));
        }
        Archetype::ChampionLeaves
        | Archetype::ValueGap
        | Archetype::SupportPain
        | Archetype::BudgetCut
        | Archetype::Competitor
        | Archetype::QuietLeaver => {
            if account.term.monthly || !due {
                // Who cannot go yet says so all the same, for the end of the term.
                account.story.begins = anywhere;
                account.story.decides = Some(anywhere.plus(after).max(first.plus(3)));
            } else {
                account.story.begins = decision.plus(-after).max(first.plus(-60));
                account.story.decides = Some(decision);
            }
        }
    }
}
