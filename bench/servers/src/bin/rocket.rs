//! `rocket plain|cookiejwt|by-hand PORT`

use cookiejwt_rocket::{Identity, RocketAuth as _};
use rocket::{
    Request, State,
    config::{Config, LogLevel},
    get,
    http::{Cookie, CookieJar, Status},
    post,
    request::{FromRequest, Outcome},
    routes,
};
use servers::{ByHand, Failure, USER, allocations, arguments, authenticator, like_an_application};

fn main() -> Result<(), Failure> {
    let (variant, port) = arguments()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(&variant, port))
}

async fn serve(variant: &str, port: u16) -> Result<(), Failure> {
    like_an_application().await;
    let config =
        Config { port, workers: 1, log_level: LogLevel::Off, cli_colors: false, ..Config::release_default() };
    let rocket = rocket::custom(config).mount("/", routes![counts]);
    let rocket = match variant {
        "plain" => rocket.mount("/", routes![plain]),
        "cookiejwt" => {
            let auth = authenticator().await?;
            let rocket = rocket.mount("/", routes![cookiejwt]).mount("/", auth.routes());
            rocket.register("/", auth.catchers()).attach(auth.fairing())
        }
        "by-hand" => rocket.manage(ByHand::new()).mount("/", routes![by_hand, by_hand_login]),
        other => return Err(format!("{other} is no variant").into()),
    };
    rocket.launch().await?;
    Ok(())
}

#[get("/allocations")]
fn counts() -> String {
    allocations()
}

#[get("/me")]
fn plain() -> String {
    USER.to_owned()
}

#[get("/me")]
fn cookiejwt(who: Identity) -> String {
    who.subject().as_str().to_owned()
}

struct Subject(String);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Subject {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let token = request.cookies().get(ByHand::COOKIE).map(Cookie::value);
        let subject =
            token.zip(request.rocket().state::<ByHand>()).and_then(|(token, checks)| checks.check(token));
        subject.map_or(Outcome::Error((Status::Unauthorized, ())), |subject| Outcome::Success(Self(subject)))
    }
}

#[get("/me")]
fn by_hand(who: Subject) -> String {
    who.0
}

#[post("/login")]
fn by_hand_login(checks: &State<ByHand>, jar: &CookieJar<'_>) -> Result<(), Status> {
    jar.add(Cookie::new(ByHand::COOKIE, checks.token().map_err(|_| Status::InternalServerError)?));
    Ok(())
}
