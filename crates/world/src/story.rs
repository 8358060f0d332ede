//! What really goes on in an account. Nobody but the world and its truth file ever sees it.

use bus_schema::Day;
use serde::Serialize;

use crate::dice::{Dice, line};

/// The hidden cause of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Archetype {
    /// Nothing but noise.
    Steady,
    /// It hires.
    Growing,
    /// It gets real value and says so.
    Promoter,
    /// It is stuck at the beginning.
    SlowStart,
    /// The person who wanted the product leaves.
    ChampionLeaves,
    /// It never used what it bought.
    ValueGap,
    /// A defect in the exports.
    SupportPain,
    /// Its money ran out.
    BudgetCut,
    /// It holds a tender.
    Competitor,
    /// Decided elsewhere: nothing shows.
    QuietLeaver,
    /// It looks bad and is not.
    FalseScare,
}

/// Every archetype, how many of 85 accounts have it, and how many of these are vendors.
pub(crate) const ARCHETYPES: [(Archetype, u32, u32); 11] = [
    (Archetype::Steady, 33, 5),
    (Archetype::Growing, 13, 2),
    (Archetype::Promoter, 8, 0),
    (Archetype::SlowStart, 5, 1),
    (Archetype::ChampionLeaves, 4, 0),
    (Archetype::ValueGap, 4, 1),
    (Archetype::SupportPain, 4, 1),
    (Archetype::BudgetCut, 3, 0),
    (Archetype::Competitor, 2, 0),
    (Archetype::QuietLeaver, 2, 0),
    (Archetype::FalseScare, 7, 2),
];

impl Archetype {
    /// Chance to leave at the decision, in permille.
    pub(crate) const fn leaves(self) -> u64 {
        match self {
            Self::Steady => 40,
            Self::Growing => 20,
            Self::Promoter => 10,
            Self::SlowStart => 400,
            Self::ChampionLeaves => 750,
            Self::ValueGap | Self::Competitor => 500,
            Self::SupportPain => 250,
            Self::BudgetCut => 667,
            Self::QuietLeaver => 1_000,
            Self::FalseScare => 0,
        }
    }

    /// By how much a delivered intervention lowers that chance, in permille of it.
    const fn helped(self) -> u64 {
        match self {
            Self::ChampionLeaves | Self::ValueGap | Self::SupportPain | Self::SlowStart => 300,
            Self::BudgetCut | Self::Competitor => 100,
            Self::Steady | Self::Growing | Self::Promoter | Self::QuietLeaver | Self::FalseScare => 0,
        }
    }

    /// Days from the beginning of the cause to the decision.
    pub(crate) const fn decides_after(self) -> (i32, i32) {
        match self {
            Self::SlowStart => (95, 130),
            Self::ChampionLeaves => (75, 110),
            Self::ValueGap => (80, 150),
            Self::SupportPain => (45, 90),
            Self::BudgetCut => (60, 100),
            Self::Competitor => (60, 90),
            Self::QuietLeaver => (5, 40),
            Self::Steady | Self::Growing | Self::Promoter | Self::FalseScare => (0, 0),
        }
    }

    /// Whether there is something to be helped with.
    pub const fn is_cause(self) -> bool {
        match self {
            Self::SlowStart
            | Self::ChampionLeaves
            | Self::ValueGap
            | Self::SupportPain
            | Self::BudgetCut
            | Self::Competitor
            | Self::QuietLeaver => true,
            Self::Steady | Self::Growing | Self::Promoter | Self::FalseScare => false,
        }
    }

    /// What the exit form says.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::SlowStart | Self::ValueGap => "bad_fit",
            Self::ChampionLeaves => "champion_left",
            Self::SupportPain => "support",
            Self::BudgetCut | Self::Steady => "price",
            Self::Competitor => "competitor",
            Self::QuietLeaver => "acquired",
            Self::Growing | Self::Promoter | Self::FalseScare => "missing_feature",
        }
    }
}

/// What a scare is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scare {
    HolidayMonth,
    MovesToApi,
    TeamsMerge,
    SponsorOnLeave,
    TicketStorm,
    CardExpired,
    Typo,
}

const SCARES: [Scare; 7] = [
    Scare::HolidayMonth,
    Scare::MovesToApi,
    Scare::TeamsMerge,
    Scare::SponsorOnLeave,
    Scare::TicketStorm,
    Scare::CardExpired,
    Scare::Typo,
];

/// The course of an account.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) archetype: Archetype,
    pub(crate) scare: Scare,
    /// When the cause begins.
    pub(crate) begins: Day,
    /// When it decides; none where the end of its term is beyond the world's.
    pub(crate) decides: Option<Day>,
    /// How much of it shows, in permille.
    strength: u64,
    /// Whether the loud sign of it shows at all.
    pub(crate) loud: bool,
    /// Depth and length of a scare.
    dip: (i64, i32),
    draw: u64,
    chance: u64,
    /// From when it gets better.
    better: Option<Day>,
    /// From when the cause is gone anyway, counted from its beginning.
    better_after: i32,
    /// When it decided to leave.
    pub(crate) left: Option<Day>,
}

impl Story {
    pub(crate) fn new(dice: &mut Dice, archetype: Archetype) -> Self {
        let strength = match archetype {
            Archetype::FalseScare => 1_000,
            _ => dice.uneven().clamp(450, 1_400),
        };
        Self {
            archetype,
            scare: dice.pick(&SCARES).copied().unwrap_or(Scare::HolidayMonth),
            begins: Day(i32::MAX),
            decides: None,
            strength,
            loud: dice.falls(700),
            dip: (1_000 - i64::try_from(dice.between(350, 600)).unwrap_or(400), dice.days(10, 20)),
            draw: dice.below(1_000),
            chance: archetype.leaves(),
            better: None,
            better_after: dice.days(45, 65),
            left: None,
        }
    }

    /// Days since the cause began; none before it.
    pub(crate) fn since(&self, day: Day) -> Option<i32> {
        (day >= self.begins).then(|| day.0 - self.begins.0)
    }

    /// Whether the cause is there and nothing has got better yet.
    pub(crate) fn holds(&self, archetype: Archetype, day: Day) -> Option<i32> {
        self.since(day).filter(|_| self.archetype == archetype && self.better.is_none_or(|better| day < better))
    }

    /// The same for a scare.
    pub(crate) fn scared(&self, scare: Scare, day: Day) -> Option<i32> {
        self.since(day)
            .filter(|since| self.archetype == Archetype::FalseScare && self.scare == scare && *since < self.dip.1)
    }

    /// Whether it leaves, as things stand.
    pub(crate) const fn leaves(&self) -> bool {
        self.draw < self.chance
    }

    /// Somebody helped. Answers whether there was anything to help with.
    pub(crate) fn help(&mut self, day: Day) -> bool {
        let real = self.archetype.is_cause() && self.since(day).is_some();
        if real && self.left.is_none() {
            self.chance = self.chance * (1_000 - self.archetype.helped()) / 1_000;
        }
        real
    }

    /// A day passes: what was not a reason to leave ends by itself.
    pub(crate) fn pass(&mut self, day: Day) {
        if self.better.is_none() && !self.leaves() && self.since(day).is_some_and(|since| since >= self.better_after) {
            self.better = Some(day);
        }
    }

    /// When it got better.
    pub(crate) const fn better(&self) -> Option<Day> {
        self.better
    }

    /// Use in permille of what it would be without a cause.
    pub(crate) fn level(&self, day: Day) -> i64 {
        let Some(since) = self.since(day) else { return 1_000 };
        let at = |day: Day| self.fallen(day.0 - self.begins.0, day);
        match self.better {
            // It comes back in a month, to nearly what it was.
            Some(better) if day >= better => {
                let low = at(better);
                low + (950 - low).max(0) * i64::from((day.0 - better.0).min(30)) / 30
            }
            Some(_) | None => self.fallen(since, day),
        }
    }

    fn fallen(&self, since: i32, day: Day) -> i64 {
        let to = |points: &[(i32, i64)]| {
            let fall = 1_000 - line(since, points);
            (1_000 - fall * i64::try_from(self.strength).unwrap_or(1_000) / 1_000).max(50)
        };
        match self.archetype {
            Archetype::Steady | Archetype::Growing | Archetype::Promoter | Archetype::QuietLeaver => 1_000,
            // The whole team waits for the one thing that does not work. Who gives up stops looking in.
            Archetype::SlowStart if self.leaves() => {
                line(since, &[(0, 1_000), (10, 500), (30, 350), (45, 60), (55, 0)])
            }
            Archetype::SlowStart => to(&[(0, 1_000), (10, 500), (40, 400), (100, 250)]),
            Archetype::ChampionLeaves => to(&[(5, 1_000), (30, 750), (60, 450), (120, 350)]),
            Archetype::ValueGap => to(&[(0, 1_000), (30, 900), (60, 810), (90, 730), (120, 660), (180, 530)]),
            Archetype::SupportPain => to(&[(0, 1_000), (30, 700), (90, 650)]),
            Archetype::BudgetCut => to(&[(30, 1_000), (60, 850), (100, 750)]),
            Archetype::Competitor => {
                let left = self.decides.map_or(i32::MAX, |decides| decides.0 - day.0);
                if left > 20 { 1_000 } else { to(&[(i32::MIN, 600)]).max(600) }
            }
            Archetype::FalseScare => self.scare_level(since),
        }
    }

    fn scare_level(&self, since: i32) -> i64 {
        let falls = match self.scare {
            Scare::HolidayMonth | Scare::MovesToApi | Scare::TeamsMerge | Scare::SponsorOnLeave => true,
            Scare::TicketStorm | Scare::CardExpired | Scare::Typo => false,
        };
        if falls && since < self.dip.1 { self.dip.0 } else { 1_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_85_are_there() {
        assert_eq!(ARCHETYPES.iter().map(|(_, all, _)| all).sum::<u32>(), 85);
        assert_eq!(ARCHETYPES.iter().map(|(_, _, vendors)| vendors).sum::<u32>(), 12);
    }

    #[test]
    fn a_cause_lowers_use_and_help_lowers_the_chance() {
        let mut story = Story::new(&mut Dice::of(&[1]), Archetype::ChampionLeaves);
        (story.begins, story.strength) = (Day(100), 1_000);
        assert_eq!(story.level(Day(99)), 1_000);
        assert_eq!(story.level(Day(130)), 750);
        assert_eq!(story.level(Day(160)), 450);
        assert!(story.help(Day(120)));
        assert_eq!(story.chance, 525);
        assert!(!story.help(Day(90)), "there was nothing yet");
    }

    #[test]
    fn a_scare_is_over_after_some_days() {
        let mut story = Story::new(&mut Dice::of(&[3]), Archetype::FalseScare);
        (story.begins, story.scare) = (Day(100), Scare::HolidayMonth);
        assert!(story.level(Day(105)) <= 650, "{}", story.level(Day(105)));
        assert_eq!(story.level(Day(125)), 1_000);
        assert!(!story.leaves());
    }
}
