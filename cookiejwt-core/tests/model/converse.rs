//! Takes a request through the core, as the driver does.

use std::rc::Rc;

use cookiejwt_core::{
    Core, Decision,
    driver::{
        ActiveUser, Assessment, CustomClaims, LateAnswer, RefreshAttempt, RefreshIds, RefreshStep,
        Resolution, RotationStep, SessionStatus, Settlement, UserState,
    },
    store::{ChangeOutcome, RotationOutcome},
};
use http::request::Parts;

use crate::{
    changes::{Asked, Question},
    server::{Inputs, Pause, Reply, Route},
    token::{Session, datetime, token_id},
};

pub(crate) enum Progress {
    Paused(Pause),
    Settled(Settlement),
}

type Replies<'a> = std::slice::Iter<'a, Reply>;

pub(crate) fn converse(core: &Core, head: &Parts, inputs: Inputs, replies: &[Reply], next: u8) -> Progress {
    let mut replies = replies.iter();
    let now = datetime(inputs.arrival);
    let assessment = match inputs.route {
        Route::Page => core.authenticate(head, now),
        _ => core.refresh(head, now),
    };
    let attempt = match assessment {
        Assessment::Settled(decision) => return settled(decision),
        Assessment::NeedsRefresh(attempt) => *attempt,
        Assessment::NeedsSessionCheck(check) => {
            let session = Session::parse(check.session_id().as_str());
            let status = match replies.next() {
                None => {
                    let has_access = check.has_valid_access();
                    return Progress::Paused(Pause::Session { session, has_access });
                }
                Some(Reply::Session(None)) => SessionStatus::Live,
                Some(Reply::Session(Some(cause))) => SessionStatus::Revoked(cause.reason()),
                Some(_) => unreachable!(),
            };
            match check.resolve(status) {
                Resolution::Settled(decision) => return settled(decision),
                Resolution::NeedsRefresh(attempt) => *attempt,
            }
        }
    };
    rotate(attempt, inputs, replies, next)
}

fn rotate(attempt: RefreshAttempt, inputs: Inputs, mut replies: Replies<'_>, next: u8) -> Progress {
    match replies.next() {
        None => return Progress::Paused(Pause::Set(Session::parse(attempt.session_id().as_str()))),
        Some(Reply::Set(None)) => {}
        Some(Reply::Set(Some(cause))) => return Progress::Settled(attempt.revoked(cause.reason())),
        Some(_) => unreachable!(),
    }
    let ids = RefreshIds { refresh: token_id(next), access: "access".into() };
    let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
    let mut rotation = match attempt.with_user(user, ids, datetime(inputs.arrival)) {
        RefreshStep::Settled(settlement) => return Progress::Settled(settlement),
        RefreshStep::Rotate(rotation) => rotation,
    };
    loop {
        let outcome = match replies.next() {
            None => return asks(Question::Rotate(rotation.request().clone())),
            Some(Reply::Failed) => return Progress::Settled(rotation.store_failed()),
            Some(Reply::Changed) => RotationOutcome::Rotated,
            Some(Reply::Unmatched(row)) => RotationOutcome::Unmatched(Some(Box::new(row.record()))),
            Some(_) => unreachable!(),
        };
        match rotation.complete(outcome) {
            RotationStep::Settled(settlement) => return Progress::Settled(settlement),
            RotationStep::Late(late) => return answer_late(late, replies),
            RotationStep::Again(again) => match replies.next() {
                Some(Reply::At(now)) => rotation = again.at(datetime(*now)),
                _ => return Progress::Paused(Pause::Again),
            },
        }
    }
}

fn answer_late(late: LateAnswer, mut replies: Replies<'_>) -> Progress {
    let outcome = match replies.next() {
        None => return asks(Question::Late(late.request().clone())),
        Some(Reply::Failed) => return Progress::Settled(late.store_failed()),
        Some(Reply::Changed) => ChangeOutcome::Changed,
        Some(Reply::Unmatched(row)) => ChangeOutcome::Unmatched(Some(Box::new(row.record()))),
        Some(_) => unreachable!(),
    };
    Progress::Settled(late.complete(outcome))
}

fn asks(question: Question) -> Progress {
    Progress::Paused(Pause::Question(Rc::new(Asked::new(question))))
}

fn settled(decision: Decision) -> Progress {
    Progress::Settled(Settlement { decision, revoke: None })
}
