//! Counterexamples in words.

use std::fmt;

use crate::{
    server::Inputs,
    step::Step,
    token::{Access, Cookies, Jar, Refresh},
    world::{Flight, Stage, World},
};

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access s{} {}..{} s", self.session.number, self.issued, self.expires)
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refresh s{}#{} {}..{} s", self.session.number, self.id, self.issued, self.expires)
    }
}

impl fmt::Display for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { access: Some(access), refresh: Some(refresh) } => write!(f, "[{access}, {refresh}]"),
            Self { access: Some(access), refresh: None } => write!(f, "[{access}]"),
            Self { access: None, refresh: Some(refresh) } => write!(f, "[{refresh}]"),
            Self { access: None, refresh: None } => f.write_str("[]"),
        }
    }
}

impl fmt::Display for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("no cookies"),
            Self::Clear => f.write_str("cleared cookies"),
            Self::Set(access, refresh) => write!(f, "[{access}, {refresh}]"),
        }
    }
}

impl fmt::Display for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} of {} ms", self.route, self.jar, self.arrival)
    }
}

impl fmt::Display for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.path.owner)?;
        match &self.stage {
            Stage::Travelling(inputs) => write!(f, "{:?} {}", inputs.route, inputs.jar),
            Stage::Waiting { inputs, .. } => inputs.fmt(f),
            Stage::Revoking(sentence) => write!(f, "{:?}", sentence.cause),
            Stage::Serving(answer) => answer.cookies.fmt(f),
            Stage::Answered(cookies) => cookies.fmt(f),
        }
    }
}

/// A step in words, with what it is about.
pub(crate) fn describe(world: &World, step: Step) -> String {
    match step {
        Step::Arrive(index)
        | Step::ArriveThenFail(index)
        | Step::CheckSession(index)
        | Step::Update(index)
        | Step::UpdateThenFail(index)
        | Step::UpdateMisses(index)
        | Step::Read(index)
        | Step::Revoke(index)
        | Step::Leave(index)
        | Step::LeaveThenLose(index)
        | Step::Deliver(index)
        | Step::Lose(index) => format!("{step} {}", world.flights[index]),
        Step::WriteReceipt(index) | Step::LoseReceipt(index) => {
            format!("{step} #{}", world.notes[index].refresh)
        }
        Step::Send(..) => format!("{step} with {}", world.jar),
        Step::Abuse(_, _, index) => format!("{step} with {}", world.loot[index]),
        _ => step.to_string(),
    }
}
