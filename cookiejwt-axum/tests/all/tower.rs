//! The layer around tower services that are not axum's: other bodies, other errors, no `Send`.

use std::{
    convert::Infallible,
    rc::Rc,
    task::{Context, Poll},
};

use axum::{
    body::Bytes,
    extract::FromRequestParts as _,
    http::{Request, Response, StatusCode},
};
use cookiejwt_axum::{
    AuthLayer, AxumAuth as _, Identity, MaybeIdentity,
    cookiejwt_store::{RequestHead, Slots},
};
use http_body_util::{BodyExt as _, Empty, Full};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::common::{ACCESS, Counts, REFRESH, Who, World};

fn request<B>(cookies: &str, body: B) -> Request<B> {
    Request::get("/").header("cookie", cookies).body(body).unwrap()
}

fn names<B>(response: &Response<B>) -> Vec<&str> {
    let lines = response.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().split('=').next().unwrap()).collect()
}

async fn asks(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut parts, body) = request.into_parts();
    let MaybeIdentity(who) = MaybeIdentity::from_request_parts(&mut parts, &()).await.unwrap();
    let sent = body.collect().await.unwrap().to_bytes();
    let who = who.map_or("nobody".into(), |who| Who::from(who).subject);
    Ok(Response::new(Full::from(format!("{who} sent {}", String::from_utf8_lossy(&sent)))))
}

async fn text(response: Response<Full<Bytes>>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_full_body_on_both_sides() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let service = AuthLayer::new(world.auth.clone()).layer(service_fn(asks));
    let stale = service.clone().oneshot(request(&alice.cookies(), Full::from("hello"))).await.unwrap();
    assert_eq!(names(&stale), [ACCESS, REFRESH]);
    assert_eq!(text(stale).await, "1 sent hello");
    let garbage = format!("{ACCESS}=garbage");
    let nobody = service.clone().oneshot(request(&garbage, Full::from("x"))).await.unwrap();
    assert_eq!(names(&nobody), [ACCESS, REFRESH], "cleared");
    assert_eq!(text(nobody).await, "nobody sent x");
}

#[tokio::test]
async fn a_service_without_extractors_asks_the_slot() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let by_slot = service_fn(|request: Request<Empty<Bytes>>| async move {
        let slot = request.extensions().get::<Slots>().unwrap().innermost().clone();
        let (parts, _) = request.into_parts();
        let who = slot.any().identity(RequestHead::from(&parts)).await.unwrap();
        Ok::<_, Infallible>(Response::new(Who::from(Identity::from(who)).subject))
    });
    let service = world.auth.layer().layer(by_slot);
    let response = service.oneshot(request(&alice.cookies(), Empty::new())).await.unwrap();
    assert_eq!(names(&response), [ACCESS, REFRESH]);
    assert_eq!(response.into_body(), "1");
}

#[derive(Debug, PartialEq, Eq)]
struct OutOfOrder;

#[tokio::test]
async fn a_services_error_is_passed_on_and_the_lost_cookies_are_sent_again() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let fails = service_fn(|request: Request<Full<Bytes>>| async move {
        asks(request).await.unwrap();
        Err::<Response<Full<Bytes>>, _>(OutOfOrder)
    });
    let failed = world.auth.layer().layer(fails).oneshot(request(&alice.cookies(), Full::default())).await;
    assert_eq!(failed.unwrap_err(), OutOfOrder);
    assert_eq!(world.store.counts().rotated, 1);
    let again = world.auth.layer().layer(service_fn(asks));
    let again = again.oneshot(request(&alice.cookies(), Full::default())).await.unwrap();
    assert_eq!(names(&again), [ACCESS, REFRESH]);
    assert_eq!(world.store.counts().rotated, 1, "the same successor");
}

/// Is ready, pending or broken as the test chooses.
struct Readiness(Poll<Result<(), OutOfOrder>>);

impl tower::Service<Request<()>> for Readiness {
    type Response = Response<()>;
    type Error = OutOfOrder;
    type Future = std::future::Ready<Result<Response<()>, OutOfOrder>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutOfOrder>> {
        std::mem::replace(&mut self.0, Poll::Pending)
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(Ok(Response::new(())))
    }
}

#[test]
fn readiness_is_the_inner_services() {
    let world = World::default();
    for readiness in [Poll::Ready(Ok(())), Poll::Pending, Poll::Ready(Err(OutOfOrder))] {
        let expected = match &readiness {
            Poll::Ready(Err(OutOfOrder)) => Poll::Ready(Err(OutOfOrder)),
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        };
        let mut service = world.auth.layer().layer(Readiness(readiness));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(service.poll_ready(&mut context), expected);
    }
}

#[tokio::test]
async fn bodies_and_futures_need_not_be_send() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let local = service_fn(|request: Request<Rc<str>>| async move {
        let (mut parts, body) = request.into_parts();
        let shared = Rc::clone(&body);
        Identity::from_request_parts(&mut parts, &()).await.unwrap();
        Ok::<_, Rc<str>>(Response::new(shared))
    });
    let service = world.auth.layer().layer(local);
    let response = service.oneshot(request(&alice.cookies(), Rc::from("local"))).await.unwrap();
    assert_eq!(names(&response), [ACCESS, REFRESH]);
    assert_eq!(&**response.body(), "local");
}

#[tokio::test]
async fn a_service_that_does_not_authenticate_costs_nothing() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let silent =
        service_fn(|_: Request<()>| async { Response::builder().status(StatusCode::NO_CONTENT).body(()) });
    let service = world.auth.layer().layer(silent);
    let response = service.oneshot(request(&alice.cookies(), ())).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (204, 0));
    assert_eq!((world.store.counts(), world.users.calls()), (Counts::default(), 0));
}
