//! What people write: put together from parts, so that a reader of text has something to read and no two are the same.

use crate::dice::Dice;

/// How somebody feels who writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Glad,
    Plain,
    Annoyed,
    Angry,
}

const GREETINGS: [&str; 6] = ["Hello,", "Hi,", "Hi team,", "Good morning,", "Dear support,", "Hello all,"];

const QUESTIONS: [&str; 8] = [
    "how do I change the {area} view for my colleagues?",
    "which columns does {area} need for last year's orders?",
    "can I share {area} with somebody who has no seat?",
    "where can I see who changed a setting in {area}?",
    "is there a way to run {area} every Monday?",
    "can the colours in {area} be changed?",
    "does {area} work with two warehouses?",
    "could you explain what the second step in {area} does?",
];
const TROUBLES: [&str; 8] = [
    "{area} stops halfway and shows an error.",
    "since this morning {area} is empty for half of us.",
    "{area} takes more than a minute to open.",
    "the totals in {area} do not match our own.",
    "{area} gave us the same file twice.",
    "a column is missing in {area}.",
    "{area} asks us to sign in again and again.",
    "we cannot save anything in {area}.",
];
const GLAD: [&str; 6] = [
    "Otherwise we are very happy with it, great work.",
    "Thanks a lot, you are always helpful.",
    "We love how fast this has become, thank you!",
    "It saves us hours every week, excellent.",
    "The team really likes it.",
    "Thank you so much, this is wonderful support.",
];
const PLAIN: [&str; 6] = [
    "Thank you.",
    "Best regards.",
    "No hurry, tomorrow is fine.",
    "Could you have a look?",
    "Please let me know.",
    "A short answer is enough.",
];
const ANNOYED: [&str; 6] = [
    "This is the second time this month and it is annoying.",
    "We lost half a day on this, which is frustrating.",
    "Unfortunately the last answer did not help.",
    "It is a problem for our planners, they are disappointed.",
    "We are still waiting for a fix, and it is getting worse.",
    "I am not happy with how long this takes.",
];
const ANGRY: [&str; 6] = [
    "This is unacceptable. It fails again and again and nobody fixes it.",
    "We are very disappointed, this is terrible for our customers. I want to speak to your manager.",
    "It is broken for weeks now and your answers are useless.",
    "This is a disaster for us and we are angry. Please escalate it to somebody in charge.",
    "If this is not fixed we will have to look for something else and cancel.",
    "Horrible. Our people hate it by now and so do I.",
];

/// Subject and text of a ticket about an area of the product.
pub(crate) fn ticket(dice: &mut Dice, mood: Mood, area: &str, question: bool) -> (String, String) {
    let middle = if question { one(dice, &QUESTIONS) } else { one(dice, &TROUBLES) }.replace("{area}", area);
    let greeting = one(dice, &GREETINGS);
    let subject = match mood {
        Mood::Glad | Mood::Plain if question => format!("A question about {area}"),
        Mood::Glad | Mood::Plain => format!("Trouble with {area}"),
        Mood::Annoyed => format!("Again: {area}"),
        Mood::Angry => format!("{area} still does not work"),
    };
    (subject, format!("{greeting} {middle} {}", closing(dice, mood)))
}

/// What a customer adds in a ticket.
pub(crate) fn follow_up(dice: &mut Dice, mood: Mood) -> String {
    const MIDDLE: [&str; 4] = [
        "I tried what you wrote.",
        "Here is one more screenshot.",
        "It happened again just now.",
        "I have seen your answer.",
    ];
    format!("{} {}", one(dice, &MIDDLE), closing(dice, mood))
}

/// What our desk answers.
pub(crate) fn answer(dice: &mut Dice) -> String {
    const ANSWERS: [&str; 5] = [
        "Thank you for writing. I can see it on our side and will come back to you today.",
        "Thanks, this is under Settings, then Views. Tell me if it does not show there.",
        "I have passed this to our engineers and keep you posted.",
        "Please try once more after signing out; if it stays, send me the time at which it happened.",
        "Here is a short guide with the steps. It takes two minutes.",
    ];
    one(dice, &ANSWERS).to_owned()
}

/// What a customer answers to a personal message.
pub(crate) fn reply(dice: &mut Dice, mood: Mood) -> String {
    const MIDDLE: [&str; 5] = [
        "Thursday suits us.",
        "I have asked my colleagues and come back to you.",
        "We talked about this in our team meeting.",
        "The numbers you sent are useful for us.",
        "Let us look at it next month.",
    ];
    format!("{} {}", one(dice, &MIDDLE), closing(dice, mood))
}

/// What somebody writes beside a score of 0 to 10.
pub(crate) fn comment(dice: &mut Dice, score: u8) -> String {
    let mood = match score {
        9.. => Mood::Glad,
        7..=8 => Mood::Plain,
        4..=6 => Mood::Annoyed,
        0..=3 => Mood::Angry,
    };
    closing(dice, mood).to_owned()
}

/// What somebody writes with a wish.
pub(crate) fn wish(dice: &mut Dice, area: &str) -> String {
    const WISHES: [&str; 4] = [
        "Could {area} be had for several sites at once?",
        "We need {area} with approvals by team.",
        "It would help us a lot if {area} could be scheduled.",
        "Please add {area} by region; we have grown.",
    ];
    one(dice, &WISHES).replace("{area}", area)
}

fn closing(dice: &mut Dice, mood: Mood) -> &'static str {
    match mood {
        Mood::Glad => one(dice, &GLAD),
        Mood::Plain => one(dice, &PLAIN),
        Mood::Annoyed => one(dice, &ANNOYED),
        Mood::Angry => one(dice, &ANGRY),
    }
}

fn one(dice: &mut Dice, of: &[&'static str]) -> &'static str {
    dice.pick(of).copied().unwrap_or_default()
}
