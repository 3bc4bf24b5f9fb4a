//! What must hold of the pages.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::Tally;
use super::devtools::Browser;
use super::pages;

const ROWS: &str = "document.querySelectorAll('#grid tbody th[scope=row]').length";
const COLUMNS: &str = "document.querySelectorAll('#grid thead .access').length";

/// The cell of a kernel and an access, by what they are called.
fn cell(kernel: &str, column: usize) -> String {
    format!(
        "[...document.querySelectorAll('#grid tbody th[scope=row]')].find(th => \
         th.querySelector('.name > span').textContent === '{kernel}').parentElement.cells[{column}]"
    )
}

/// Looks at all pages.
pub fn all(chromium: &Path, corecheck: &Path, work: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let mut browser = Browser::start(chromium, work)?;
    let object = "ebpf-probe/bpf/vfio_naive.bpf.o";
    let seed = work.join("seed.html");
    pages::of_program(corecheck, &[object, "--kernel", "ubuntu/*"], &seed)?;
    of_seed(&mut browser, &address(&seed)?, work, tally).context("the seed's page")?;
    let loaders = work.join("loaders.html");
    let object_of_two = "ebpf-probe/bpf/vfio_portable.bpf.o";
    pages::of_program(corecheck, &[object_of_two, "--loader", "all", "--kernel", "ubuntu/*"], &loaders)?;
    browser.resize(1400, 1000)?;
    browser.open(&address(&loaders)?)?;
    let told = text(&mut browser, "#disagreements")?;
    tally.holds(&format!("loaders' disagreements: {told}"), told.contains("Where loaders disagree"));
    let cards = browser.evaluate("document.querySelectorAll('#disagreements .disagreement').length")?;
    tally.holds(&format!("{cards} disagreements"), cards.as_u64() > Some(0));
    quiet(&mut browser, &address(&loaders)?, tally);
    of_fleet(&mut browser, corecheck, work, tally).context("the page of a fleet")?;
    let portable = Path::new("ebpf-probe/bpf/vfio_portable.bpf.o");
    let (report, kernels) = pages::crowd(portable, 1000)?;
    let many = work.join("many.html");
    pages::write(&report, &kernels, "struct vfio_group", &many)?;
    let size = std::fs::metadata(&many)?.len();
    tally.holds(&format!("the page of 1,000 kernels has {size} bytes"), size < 3_000_000);
    of_many(&mut browser, &address(&many)?, work, tally).context("the page of 1,000 kernels")?;
    let (mut report, kernels) = pages::crowd(Path::new(object), 70)?;
    pages::make_nasty(&mut report);
    let nasty = work.join("nasty.html");
    pages::write(&report, &kernels, pages::NASTY, &nasty)?;
    of_nasty(&mut browser, &address(&nasty)?, tally).context("the page of nasty names")
}

/// A fleet of which one kernel is not stored.
fn of_fleet(browser: &mut Browser, corecheck: &Path, work: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let (page, list) = (work.join("fleet.html"), work.join("fleet.txt"));
    std::fs::write(&list, "600 5.19.0-21-generic\n1400 5.15.0-25-generic\n90 6.1.0-18-cloud-amd64\n")?;
    let list = list.to_str().context("a plain name")?;
    pages::of_program(corecheck, &["ebpf-probe/bpf/vfio_naive.bpf.o", "--inventory", list], &page)?;
    browser.open(&address(&page)?)?;
    let told = text(browser, "#fleet")?;
    for wanted in [
        "2,090 machines",
        "28.7%",
        "66.9%",
        "not stored",
        "apt-get download linux-image-6.1.0-18-cloud-amd64",
    ] {
        tally.holds(&format!("the fleet's {wanted}: {told}"), told.contains(wanted));
    }
    shot(browser, work, "fleet")?;
    quiet(browser, &address(&page)?, tally);
    Ok(())
}

fn address(file: &Path) -> anyhow::Result<String> {
    Ok(format!("file://{}", file.canonicalize()?.display()))
}

fn of_seed(browser: &mut Browser, page: &str, work: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    browser.resize(1400, 1000)?;
    browser.look("light", "screen")?;
    browser.open(page)?;
    let title = browser.evaluate("document.querySelector('h1').textContent")?;
    tally.same(
        "sentence",
        title,
        json!("vfio_naive.bpf.o loads on 9 of 25 kernels, fails on 13, cannot be told on 3"),
    );
    tally.same("rows", browser.evaluate(ROWS)?, json!(25));
    tally.same("columns", browser.evaluate(COLUMNS)?, json!(7));
    tally.same("cells", browser.evaluate("document.querySelectorAll('td.cell').length")?, json!(175));
    let groups =
        browser.evaluate("[...document.querySelectorAll('tr.group th')].map(th => th.textContent)")?;
    tally.same("groups", groups, json!(["Regular", "Architecture", "Flavour"]));
    tally.same(
        "grid",
        browser.evaluate("document.querySelector('#grid table').getAttribute('role')")?,
        json!("grid"),
    );
    shot(browser, work, "seed-light.png")?;

    // Filters, and the address that keeps them.
    browser.click("document.querySelector('[data-verdict=fails]')")?;
    tally.same("rows that fail", browser.evaluate(ROWS)?, json!(13));
    tally.same("address", browser.evaluate("location.hash")?, json!("#?verdict=fails"));
    let pressed = "document.querySelector('[data-verdict=fails]').getAttribute('aria-pressed')";
    tally.same("pressed", browser.evaluate(pressed)?, json!("true"));
    choose(browser, "arch", "arm64")?;
    tally.same("arm64 that fail", browser.evaluate(ROWS)?, json!(1));
    browser.click("document.getElementById('reset')")?;
    tally.same("all again", browser.evaluate(ROWS)?, json!(25));
    choose(browser, "flavour", "azure")?;
    tally.same("azure", browser.evaluate(ROWS)?, json!(1));
    choose(browser, "flavour", "")?;
    browser.evaluate("document.activeElement.blur()")?;
    browser.press("/")?;
    tally.same("/ goes to the filter", browser.evaluate("document.activeElement.id")?, json!("q"));
    browser.write("5.19")?;
    tally.same("text for kernels", browser.evaluate(ROWS)?, json!(1));
    browser.press("Escape")?;
    tally.same("escape clears it", browser.evaluate(ROWS)?, json!(25));
    browser.write("minor")?;
    tally.same(
        "text for accesses",
        (browser.evaluate(ROWS)?, browser.evaluate(COLUMNS)?),
        (json!(25), json!(1)),
    );
    browser.press("Escape")?;
    browser.write("nothing-is-called-so")?;
    let nothing = browser.evaluate("document.querySelector('.nothing').textContent")?;
    tally.same("nothing left", nothing, json!("No access is left by these filters."));
    browser.press("Escape")?;

    // A cell by the mouse.
    browser.click(&cell("5.19", 1))?;
    let panel = text(browser, "#panel")?;
    for wanted in [
        "struct vfio_group.kref",
        "expected (as compiled)",
        "vfio_naive.bpf.c:",
        "field-missing",
        "Reach: reached",
    ] {
        tally.holds(&format!("the panel tells {wanted:?}: {panel}"), panel.contains(wanted));
    }
    let layouts = |which: &str| format!("document.querySelector('#panel .layout.{which}').textContent");
    for (which, wanted) in [("expected", "► struct kref kref"), ("found", "no kref here")] {
        let told = browser.evaluate(&layouts(which))?;
        let told = told.as_str().unwrap_or_default();
        tally.holds(&format!("layout {which}: {told}"), told.contains(wanted));
    }
    let regions =
        "document.querySelectorAll('#panel .lines[role=region][tabindex=\"0\"][aria-label]').length";
    tally.same("layouts can be gone to by keys", browser.evaluate(regions)?, json!(2));
    shot(browser, work, "cell-light.png")?;
    browser.click("document.querySelector('#panel a[href=\"#rule-field-missing\"]')")?;
    let shown = "document.getElementById('rule-field-missing').matches(':target')";
    tally.same("the rule's page", browser.evaluate(shown)?, json!(true));
    browser.press("Escape")?;
    tally.same("closed", browser.evaluate("document.getElementById('panel') === null")?, json!(true));

    // And by keys: what was opened gets the focus back.
    browser.evaluate("document.querySelector('#grid [tabindex=\"0\"]').focus()")?;
    browser.evaluate(&format!("{}.focus()", cell("4.4", 0)))?;
    for key in ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"] {
        browser.press(key)?;
    }
    let expected = format!("document.activeElement === {}", cell("4.10", 2));
    tally.same("arrows", browser.evaluate(&expected)?, json!(true));
    browser.press("Enter")?;
    let panel = text(browser, "#panel-title")?;
    tally.holds(&format!("Enter opens {panel:?}"), panel.contains("minor"));
    tally.same("focus", browser.evaluate("document.activeElement.id")?, json!("panel-title"));
    browser.press("Escape")?;
    tally.same("focus comes back", browser.evaluate(&expected)?, json!(true));
    browser.press("Home")?;
    browser.press("Enter")?;
    let panel = text(browser, "#panel")?;
    tally.holds(
        &format!("a kernel's panel: {panel}"),
        panel.contains("architecture") && panel.contains("4.10"),
    );
    browser.press("Escape")?;
    for _ in 0..30 {
        browser.press("ArrowUp")?;
    }
    browser.press("ArrowRight")?;
    browser.press("ArrowUp")?;
    browser.press("Enter")?;
    let panel = text(browser, "#panel")?;
    tally.holds(&format!("an access's panel: {panel}"), panel.contains("byte_off"));
    browser.press("Escape")?;

    // The picture, and the sections below.
    let heads = browser.evaluate("document.querySelectorAll('#lives svg .l-head').length")?;
    tally.same("columns of the picture", heads, json!(12));
    let read = browser.evaluate("document.querySelectorAll('#lives .l-cell.l-read').length")?;
    tally.holds(&format!("fields that are read are marked: {read}"), read.as_u64() > Some(20));
    let findings = browser.evaluate("document.querySelectorAll('#findings .finding').length")?;
    tally.holds(&format!("findings: {findings}"), findings.as_u64() > Some(3));
    let program = text(browser, "#programs")?;
    tally.holds(
        &format!("programs: {program}"),
        program.contains("read_group") && program.contains("fails on 13"),
    );
    browser.evaluate("document.getElementById('lives').scrollIntoView()")?;
    shot(browser, work, "life-light.png")?;

    // Dark, paper, and a telephone.
    let contrast = worst_contrast(browser)?;
    tally.holds(&format!("contrast in light: {contrast}"), contrast.as_f64() >= Some(4.5));
    let light = browser.evaluate("getComputedStyle(document.body).backgroundColor")?;
    browser.look("dark", "screen")?;
    tally.holds(
        "dark is another",
        browser.evaluate("getComputedStyle(document.body).backgroundColor")? != light,
    );
    let contrast = worst_contrast(browser)?;
    tally.holds(&format!("contrast in dark: {contrast}"), contrast.as_f64() >= Some(4.5));
    shot(browser, work, "life-dark.png")?;
    browser.evaluate("scrollTo(0, 0)")?;
    shot(browser, work, "seed-dark.png")?;
    browser.look("light", "print")?;
    let hidden = "getComputedStyle(document.querySelector('.filters')).display";
    tally.same("no filters on paper", browser.evaluate(hidden)?, json!("none"));
    browser.look("light", "screen")?;
    browser.resize(360, 740)?;
    let width = browser.evaluate("document.documentElement.scrollWidth")?;
    tally.holds(&format!("the narrow page is {width} wide"), width.as_u64() <= Some(360));
    shot(browser, work, "seed-narrow.png")?;
    browser.click(&cell("5.19", 1))?;
    let fits = "(() => { const box = document.getElementById('panel').getBoundingClientRect(); \
                return box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight + 1; })()";
    tally.same("the panel fits", browser.evaluate(fits)?, json!(true));
    shot(browser, work, "cell-narrow.png")?;
    quiet(browser, page, tally);

    // A link shows what its sender saw.
    browser.resize(1400, 1000)?;
    browser.open(&format!("{page}#?verdict=unknown&q=6."))?;
    tally.same("rows of a link", browser.evaluate(ROWS)?, json!(3));
    tally.same("text of a link", browser.evaluate("document.getElementById('q').value")?, json!("6."));
    browser.evaluate("location.hash = '#?arch=ppc64el'")?;
    browser.evaluate("new Promise(done => setTimeout(done, 50))")?;
    tally.same("another link", browser.evaluate(ROWS)?, json!(1));
    browser.open(&format!("{page}#?verdict=evil&sheet=99&each=2&arch=<img>"))?;
    tally.same("a broken link", browser.evaluate(ROWS)?, json!(0));
    quiet(browser, page, tally);
    Ok(())
}

fn of_many(browser: &mut Browser, page: &str, work: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    browser.resize(1400, 1000)?;
    browser.open(page)?;
    let took = browser.evaluate("performance.getEntriesByType('navigation')[0].domComplete")?;
    tally.holds(&format!("it takes {took} ms to open"), took.as_f64() < Some(8000.0));
    let rows = browser.evaluate(ROWS)?.as_u64().unwrap_or(0);
    tally.holds(&format!("{rows} rows for 1,000 kernels"), (5..=120).contains(&rows));
    tally.holds("it counts them", text(browser, "#shown")?.contains("1000 kernels"));
    shot(browser, work, "many-light.png")?;
    browser.look("dark", "screen")?;
    shot(browser, work, "many-dark.png")?;
    browser.look("light", "screen")?;

    // A row opens to its kernels.
    let many = "[...document.querySelectorAll('.many')].sort((a, b) => b.textContent.slice(2) - a.textContent.slice(2))[0]";
    let inside = browser.evaluate(&format!("Number({many}.textContent.slice(2))"))?.as_u64().unwrap_or(0);
    browser.click(many)?;
    tally.same("rows of a row", browser.evaluate(ROWS)?.as_u64(), Some(rows + inside));
    browser.click(many)?;
    tally.same("closed again", browser.evaluate(ROWS)?.as_u64(), Some(rows));

    // Each by itself: only what was scrolled to is in the page.
    browser.click("document.getElementById('each')")?;
    let first = browser.evaluate(ROWS)?.as_u64().unwrap_or(0);
    tally.holds(&format!("{first} rows at first"), (50..600).contains(&first));
    browser
        .evaluate("{ const grid = document.getElementById('grid'); grid.scrollTop = grid.scrollHeight; }")?;
    browser.evaluate("new Promise(done => setTimeout(done, 300))")?;
    let then = browser.evaluate(ROWS)?.as_u64().unwrap_or(0);
    tally.holds(&format!("{then} rows after scrolling from {first}"), then > first);
    browser.evaluate("dispatchEvent(new Event('beforeprint'))")?;
    tally.same("all on paper", browser.evaluate(ROWS)?, json!(1000));
    browser.press("/")?;
    browser.write("5.15")?;
    tally.holds("a version is found", matches!(browser.evaluate(ROWS)?.as_u64(), Some(1..=40)));
    browser.press("Escape")?;
    choose(browser, "distro", "ubuntu")?;
    tally.holds("a distribution is chosen", matches!(browser.evaluate(ROWS)?.as_u64(), Some(25..=600)));
    browser.resize(360, 740)?;
    tally.holds("narrow", browser.evaluate("document.documentElement.scrollWidth")?.as_u64() <= Some(360));
    quiet(browser, page, tally);
    Ok(())
}

fn of_nasty(browser: &mut Browser, page: &str, tally: &mut Tally) -> anyhow::Result<()> {
    browser.resize(1400, 1000)?;
    browser.open(page)?;
    // All that can be opened is.
    browser.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")?;
    for which in ["td.cell", "#grid tbody th[scope=row]", "#grid thead .access"] {
        browser.click(&format!("document.querySelector('{which}')"))?;
        tally.holds(which, text(browser, "#panel")?.contains("</script>"));
    }
    tally.same("harm", browser.evaluate("window.harmed === undefined")?, json!(true));
    tally.same(
        "no elements of theirs",
        browser.evaluate("document.querySelectorAll('img, svg[onload]').length")?,
        json!(0),
    );
    tally.same("scripts", browser.evaluate("document.querySelectorAll('script').length")?, json!(2));
    let turning =
        "/[\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]/.test(document.documentElement.textContent)";
    tally.same("marks that turn writing", browser.evaluate(turning)?, json!(false));
    tally.holds("they are shown as they are", text(browser, "h1")?.contains("<img src=x onerror"));
    quiet(browser, page, tally);
    // Even if a mistake let one in, the page's policy would not let it do anything.
    browser.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.harmed=3\">')",
    )?;
    browser.evaluate("new Promise(done => setTimeout(done, 100))")?;
    tally.same("the policy holds", browser.evaluate("window.harmed === undefined")?, json!(true));
    Ok(())
}

fn choose(browser: &mut Browser, id: &str, value: &str) -> anyhow::Result<()> {
    let script = format!(
        "{{ const it = document.getElementById('{id}'); it.value = '{value}'; it.dispatchEvent(new Event('change', {{ bubbles: true }})); }}"
    );
    browser.evaluate(&script).map(|_| ())
}

fn text(browser: &mut Browser, selector: &str) -> anyhow::Result<String> {
    let text = browser.evaluate(&format!("document.querySelector('{selector}').textContent"))?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

fn quiet(browser: &mut Browser, page: &str, tally: &mut Tally) {
    let complaints = browser.complaints(page);
    tally.holds(&format!("errors and requests: {complaints:?}"), complaints.is_empty());
}

/// Keeps what the window shows.
fn shot(browser: &mut Browser, work: &Path, name: &str) -> anyhow::Result<()> {
    std::fs::write(work.join(name), decode(&browser.picture()?))?;
    Ok(())
}

fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bits, mut number, mut bytes) = (0_u32, 0, Vec::new());
    for value in text.bytes().filter_map(digit) {
        bits = (bits << 6 | value) & 0xffff;
        number += 6;
        if number >= 8 {
            number -= 8;
            bytes.push(u8::try_from((bits >> number) & 0xff).unwrap_or(0));
        }
    }
    bytes
}

/// The worst contrast of text against what is behind it, by WCAG's formula, over all that has a look of its own.
fn worst_contrast(browser: &mut Browser) -> anyhow::Result<Value> {
    browser.evaluate(
        "(() => {
            const light = ([r, g, b]) => { const f = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
                return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
            const read = (text) => text.match(/[\\d.]+/g).map(Number);
            const behind = (it) => { for (; it; it = it.parentElement) { const c = read(getComputedStyle(it).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
            let worst = 21;
            const all = 'h1, p, td.cell, th, .verdict, .chip, .hint, .about, a, code, .legend li, .legend .cell, .level, .badge, label, summary';
            for (const it of document.querySelectorAll(all)) {
                if (it.closest('svg')) continue;
                const [a, b] = [light(read(getComputedStyle(it).color)), light(behind(it))].sort((x, y) => y - x);
                worst = Math.min(worst, (a + 0.05) / (b + 0.05));
            }
            return worst;
        })()",
    )
}
