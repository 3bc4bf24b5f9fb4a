//! Chromium over its DevTools protocol, spoken through a pair of pipes: no port, no server, nobody else can join.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// Nothing that a page is asked takes longer, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser with one tab.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    events: VecDeque<Value>,
    next: u64,
    session: String,
}

impl Browser {
    /// Starts `chromium` with its profile in `folder`, and opens a tab.
    pub fn start(chromium: &Path, folder: &Path) -> anyhow::Result<Self> {
        // It reads messages from descriptor 3 and writes to 4.
        let script = "log=$1; shift; exec \"$@\" 3<&0 4>&1 </dev/null >\"$log\" 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(folder.join("chromium.log"))
            .arg(chromium)
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--no-first-run",
                "--disable-extensions",
            ])
            // Its sandbox does not take root, and what it opens is ours.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start chromium")?;
        let input = child.stdin.take().context("no pipe")?;
        let output = child.stdout.take().context("no pipe")?;
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for part in BufReader::new(output).split(0) {
                let Ok(part) = part else { return };
                let Ok(message) = serde_json::from_slice(&part) else { continue };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser =
            Self { child, input, messages, events: VecDeque::new(), next: 1, session: String::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attached = browser
            .call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }))?;
        browser.session = attached["sessionId"].as_str().context("no session")?.to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Calls a method and waits for what it returns.
    pub fn call(&mut self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.input.write_all(message.to_string().as_bytes())?;
        self.input.write_all(&[0])?;
        self.input.flush()?;
        let answer = self.wait(method, |message| message["id"] == id)?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].clone())
    }

    /// The next message like this; others are kept.
    fn wait(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self
                .messages
                .recv_timeout(left)
                .with_context(|| format!("chromium does not answer: {what}"))?;
            if is_it(&message) {
                return Ok(message);
            }
            self.events.push_back(message);
        }
    }

    /// Goes to an address and waits until the page is loaded.
    pub fn open(&mut self, address: &str) -> anyhow::Result<()> {
        // Another fragment alone would load nothing.
        self.call("Page.navigate", json!({ "url": "about:blank" }))?;
        self.wait("about:blank", |message| message["method"] == "Page.loadEventFired")?;
        self.events.clear();
        self.call("Page.navigate", json!({ "url": address }))?;
        if !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.wait(address, |message| message["method"] == "Page.loadEventFired")?;
            self.events.push_back(event);
        }
        Ok(())
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> anyhow::Result<Value> {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters)?;
        if let Some(details) = answer.get("exceptionDetails") {
            bail!("{expression}: {details}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Presses the mouse in the middle of what a selector, or an expression that gives an element, finds.
    pub fn click(&mut self, element: &str) -> anyhow::Result<()> {
        let place = self.evaluate(&format!(
            "(() => {{ const it = {element}; it.scrollIntoView({{ block: 'center', inline: 'center' }}); \
             const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ))?;
        for kind in ["mousePressed", "mouseReleased"] {
            let (x, y) = (&place[0], &place[1]);
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    /// Presses a key by its name in the DOM: `Enter`, `ArrowDown`, `/`.
    pub fn press(&mut self, key: &str) -> anyhow::Result<()> {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            _ => 0,
        };
        let text = if key.len() == 1 { key } else { "" };
        let down = json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", down)?;
        self.call(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }),
        )?;
        Ok(())
    }

    /// Types text into what has the focus.
    pub fn write(&mut self, text: &str) -> anyhow::Result<()> {
        self.call("Input.insertText", json!({ "text": text })).map(|_| ())
    }

    /// The window's size, in pixels of the page.
    pub fn resize(&mut self, width: u32, height: u32) -> anyhow::Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics).map(|_| ())
    }

    /// `light` or `dark`, on the screen or on paper (`print`).
    pub fn look(&mut self, scheme: &str, media: &str) -> anyhow::Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": media, "features": features })).map(|_| ())
    }

    /// What the page looks like, as PNG in base 64.
    pub fn picture(&mut self) -> anyhow::Result<String> {
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }))?;
        Ok(answer["data"].as_str().context("no picture")?.to_owned())
    }

    /// Errors and warnings since the page was opened, and what it asked the network or disk for besides `own`.
    pub fn complaints(&mut self, own: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        while let Ok(message) = self.messages.try_recv() {
            self.events.push_back(message);
        }
        for event in self.events.drain(..) {
            let parameters = &event["params"];
            let level = |value: &Value| matches!(value.as_str(), Some("error" | "warning" | "assert"));
            match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => {
                    complaints.push(format!("exception: {}", parameters["exceptionDetails"]))
                }
                Some("Runtime.consoleAPICalled") if level(&parameters["type"]) => {
                    complaints.push(format!("console: {parameters}"));
                }
                Some("Log.entryAdded") if level(&parameters["entry"]["level"]) => {
                    complaints.push(format!("log: {}", parameters["entry"]["text"]));
                }
                Some("Network.requestWillBeSent") => {
                    let url = parameters["request"]["url"].as_str().unwrap_or_default();
                    if url.split('#').next() != Some(own) {
                        complaints.push(format!("request: {url}"));
                    }
                }
                _ => {}
            }
        }
        complaints
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends with its pipe; if not, it is ended. Nobody is left to be told.
        let _ = self.call("Browser.close", json!({}));
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
