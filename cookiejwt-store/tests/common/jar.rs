use cookiejwt_store::{Decision, SetCookies};
use http::{Method, Request, request::Parts};

const ACCESS: &str = "__Host-access_token";
const REFRESH: &str = "__Host-refresh_token";
const DEVICE: &str = "__Host-known_device";

/// The two lines that clear our cookies, byte for byte.
pub(crate) const CLEARED: [&str; 2] = [
    "__Host-access_token=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "__Host-refresh_token=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
];

/// What a browser keeps: the values of our cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Jar {
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
    /// Outlives the session, and grants no access.
    pub(crate) device: Option<String>,
}

impl Jar {
    pub(crate) fn of(cookies: &SetCookies) -> Self {
        let mut jar = Self::default();
        jar.apply(&lines(cookies));
        jar
    }

    /// Stores `Set-Cookie` lines as a browser does.
    pub(crate) fn apply(&mut self, lines: &[String]) {
        for line in lines {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let kept = (!line.contains("; Max-Age=0;")).then(|| value.to_owned());
            match name {
                ACCESS => self.access = kept,
                REFRESH => self.refresh = kept,
                DEVICE => self.device = kept,
                pending if pending.starts_with("__Host-pending_") => {}
                other => panic!("{other} is none of our cookies"),
            }
        }
    }

    pub(crate) fn without_access(&self) -> Self {
        Self { access: None, ..self.clone() }
    }

    pub(crate) fn without_refresh(&self) -> Self {
        Self { refresh: None, ..self.clone() }
    }

    /// The cookies after a logout.
    pub(crate) fn only_device(&self) -> Self {
        Self { device: self.device.clone(), ..Self::default() }
    }

    /// The value of a `Cookie` field, when there is something to send.
    pub(crate) fn field(&self) -> Option<String> {
        let pair = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}={value}"));
        let pairs = [pair(ACCESS, &self.access), pair(REFRESH, &self.refresh), pair(DEVICE, &self.device)];
        let pairs: Vec<String> = pairs.into_iter().flatten().collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(crate) fn head(&self, method: Method) -> Parts {
        let mut request = Request::builder().method(method).uri("/");
        if let Some(field) = self.field() {
            request = request.header("cookie", field);
        }
        request.body(()).unwrap().into_parts().0
    }

    pub(crate) fn get(&self) -> Parts {
        self.head(Method::GET)
    }

    pub(crate) fn post(&self) -> Parts {
        self.head(Method::POST)
    }

    /// A request that carries the access token as a header, and no cookie.
    pub(crate) fn bearer(&self) -> Parts {
        let field = format!("Bearer {}", self.access.as_deref().unwrap());
        Request::get("/").header("authorization", field).body(()).unwrap().into_parts().0
    }
}

pub(crate) fn lines(cookies: &SetCookies) -> Vec<String> {
    cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

/// The subject, or the code of the refusal; and the effect on the cookies: `kept`, `cleared` or
/// `set`.
pub(crate) fn outcome(decision: &Decision) -> (&str, &'static str) {
    let lines = lines(&decision.cookies);
    let cookies = match lines.len() {
        0 => "kept",
        _ if lines == CLEARED => "cleared",
        _ => "set",
    };
    match decision.required() {
        Ok(identity) => (identity.subject().as_str(), cookies),
        Err(problem) => (problem.code(), cookies),
    }
}
