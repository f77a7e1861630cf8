//! Requests and responses, read from chromedriver's performance log or seen on their way.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

/// A request as it was sent, and the response as it was received.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Of the request.
    pub method: String,
    /// Of the request, without the query.
    pub path: String,
    /// 0 without a response.
    pub status: u16,
    /// The request headers, in lower case, including those that the browser adds, such as cookies.
    pub sent: BTreeMap<String, String>,
    /// The response headers, in lower case.
    pub received: BTreeMap<String, String>,
    /// The lines of `Set-Cookie`.
    pub set_cookies: Vec<String>,
    /// When the request was sent, in seconds on a clock of the browser.
    pub began: f64,
    /// When the head of the response was received, on the same clock.
    pub answered: f64,
    pub(crate) id: String,
    told: Told,
}

/// Which parts the browser has reported so far; they arrive in any order.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    raw_answer_follows: bool,
    raw_answer: bool,
    end: bool,
}

impl Exchange {
    /// A request that was not answered yet.
    pub(crate) fn of(method: &str, path: &str, sent: BTreeMap<String, String>) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), sent, ..Self::default() }
    }

    /// The name of each cookie in the response.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.set_cookies.iter().map(|line| line.split('=').next().unwrap_or_default()).collect()
    }

    /// Whether a cookie of this name was sent.
    pub fn sent_cookie(&self, name: &str) -> bool {
        let cookies = self.sent.get("cookie").map_or("", String::as_str);
        cookies.split("; ").any(|pair| pair.split('=').next() == Some(name))
    }

    pub(crate) fn is_complete(&self) -> bool {
        let told = self.told;
        !self.method.is_empty()
            && told.end
            && (self.status == 0 || !told.raw_answer_follows || told.raw_answer)
    }

    fn tell(&mut self, event: &str, parameters: &Value) {
        match event {
            "Network.requestWillBeSent" => self.leaves(parameters),
            "Network.requestWillBeSentExtraInfo" => self.sent = headers(&parameters["headers"]),
            "Network.responseReceived" => {
                self.told.raw_answer_follows = parameters["hasExtraInfo"] == true;
                self.status = parameters["response"]["status"]
                    .as_u64()
                    .and_then(|status| status.try_into().ok())
                    .unwrap_or(0);
                self.answered = parameters["timestamp"].as_f64().unwrap_or_default();
            }
            "Network.responseReceivedExtraInfo" => {
                self.told.raw_answer = true;
                self.received = headers(&parameters["headers"]);
                let lines = self.received.get("set-cookie").map_or("", String::as_str);
                self.set_cookies = lines.lines().map(String::from).collect();
            }
            "Network.loadingFinished" | "Network.loadingFailed" => self.told.end = true,
            _ => {}
        }
    }

    fn leaves(&mut self, parameters: &Value) {
        let request = &parameters["request"];
        self.method = text(&request["method"]);
        self.path =
            Url::parse(&text(&request["url"])).map_or_else(|_| String::new(), |url| url.path().into());
        self.began = parameters["timestamp"].as_f64().unwrap_or_default();
    }
}

/// All exchanges, in the order in which the requests were sent.
#[derive(Debug, Default)]
pub(crate) struct Exchanges(Vec<Exchange>);

impl Exchanges {
    /// One entry of chromedriver's performance log.
    pub(crate) fn tell(&mut self, entry: &Value) {
        let entry: Value = serde_json::from_str(&text(&entry["message"])).unwrap_or_default();
        let (event, parameters) = (&entry["message"]["method"], &entry["message"]["params"]);
        let (Some(event), Some(id)) = (event.as_str(), parameters["requestId"].as_str()) else { return };
        if let Some(exchange) = self.0.iter_mut().rev().find(|exchange| exchange.id == id) {
            exchange.tell(event, parameters);
        } else {
            let mut exchange = Exchange { id: id.into(), ..Exchange::default() };
            exchange.tell(event, parameters);
            self.0.push(exchange);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first complete one, ignoring the first `seen`.
    pub(crate) fn find(&self, seen: usize, method: &str, path: &str) -> Option<Exchange> {
        let fresh = self.0.iter().skip(seen);
        let mut fitting = fresh.filter(|exchange| exchange.method == method && exchange.path == path);
        fitting.find(|exchange| exchange.is_complete()).cloned()
    }

    /// All complete ones, ignoring the first `seen`.
    pub(crate) fn since(&self, seen: usize) -> Vec<Exchange> {
        self.0.iter().skip(seen).filter(|exchange| exchange.is_complete()).cloned().collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn headers(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
}
