// Drives Chromium against examples/site: node site.js URL FOLDER RELOAD...
//
// One browser for all scenarios, a fresh context (cookies, cache) for each.
// Prints {scenario: null, or what went wrong} as JSON; test_site.py asserts.
// FOLDER is for files; RELOAD is a command that replaces all workers, and waits
// for it. CHROMIUM names another browser.
"use strict";

const assert = require("node:assert");
const {execFileSync} = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const {chromium} = require("playwright-core");

const [url, folder, ...reload] = process.argv.slice(2);
const DEADLINE_MS = 30000;
const UPLOAD_LEN = 50 * 1024 * 1024;

// Waits for a condition; `what` tells what there is instead.
async function until(condition, what = () => String(condition)) {
    const end = Date.now() + DEADLINE_MS;
    while (!condition()) {
        assert.ok(Date.now() < end, `waited in vain: ${what()}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

const scenarios = {
    async files_are_shown(page) {
        const broken = [];
        page.on("requestfailed", (request) => broken.push(request.url()));
        page.on("pageerror", (error) => broken.push(error.message));
        page.on("response", (answer) => {
            if (answer.status() >= 400 && !answer.url().endsWith("/favicon.ico"))
                broken.push(`${answer.status()} ${answer.url()}`);
        });
        await page.goto(url);
        assert.equal(await page.title(), "A site of yoke");
        const width = await page.evaluate(
            () => getComputedStyle(document.body).maxWidth);
        assert.equal(width, "640px");
        await page.waitForFunction(() => document.getElementById("visits").value);
        assert.deepEqual(broken, []);
    },

    async a_form_is_posted(page) {
        await page.goto(url);
        await page.fill("input[name=name]", "Ada Lövelace & Söhne");
        await page.click("#greet button");
        await page.waitForURL("**/hello");
        assert.equal(await page.innerText("body"),
                     "Hello, Ada Lövelace & Söhne!");
    },

    // Whoever answers: a session is not one worker's.
    async a_session_outlives_the_workers(page, context) {
        const greeting = (wanted) => page.waitForFunction(
            (text) => document.getElementById("hello").value === text, wanted);
        await page.goto(url);
        await greeting("Hello, stranger!");
        await page.fill("input[name=name]", "Grace");
        await page.click("#greet button");
        await page.waitForURL("**/hello");
        const cookie = (await context.cookies()).find(({name}) => name === "sid");
        assert.equal(cookie.httpOnly, true);
        assert.equal(cookie.sameSite, "Lax");
        await page.goto(url);
        await greeting("Hello, Grace!");
        await page.reload();
        await greeting("Hello, Grace!");
        execFileSync(reload[0], reload.slice(1));
        await page.reload();
        await greeting("Hello, Grace!");
        await page.click("#forget button");
        await greeting("Hello, stranger!");
        assert.ok((await context.cookies()).every(({name}) => name !== "sid"));
    },

    async cookies_are_kept(page, context) {
        await page.goto(url);
        for (const visits of ["1", "2", "3"]) {
            await page.waitForFunction(
                (wanted) => document.getElementById("visits").value === wanted,
                visits);
            if (visits !== "3")
                await page.reload();
        }
        const [cookie] = await context.cookies();
        assert.equal(cookie.name, "visits");
        assert.equal(cookie.httpOnly, true);
        assert.equal(await page.evaluate(() => document.cookie), "");
    },

    async a_file_of_50_megabytes_is_uploaded(page) {
        const file = path.join(folder, "größer.bin");
        fs.writeFileSync(file, Buffer.alloc(UPLOAD_LEN, "yoke"));
        await page.goto(url);
        await page.setInputFiles("input[type=file]", file);
        await page.click("#upload button");
        await page.waitForURL("**/upload");
        assert.equal(await page.innerText("body"),
                     `größer.bin: ${UPLOAD_LEN} bytes`);
    },

    async events_arrive(page) {
        await page.goto(url);
        await page.waitForFunction(
            () => Number(document.getElementById("count").value) >= 3);
    },

    async a_download_keeps_its_name(page) {
        await page.goto(url);
        const waiting = page.waitForEvent("download");
        await page.click("#report");
        const download = await waiting;
        assert.equal(download.suggestedFilename(), "Bericht März.txt");
        const text = fs.readFileSync(await download.path(), "utf8");
        assert.equal(text, "Everything is fine.\n");
    },

    // What really came over the wire is only told by events, which may come
    // in any order, and late.
    async a_reload_needs_no_bodies(page, context) {
        const requests = [], statuses = {};
        const network = await context.newCDPSession(page);
        await network.send("Network.enable");
        network.on("Network.requestWillBeSent", (event) => {
            requests.push([new URL(event.request.url).pathname,
                           event.requestId]);
        });
        network.on("Network.responseReceivedExtraInfo", (event) => {
            statuses[event.requestId] = event.statusCode;
        });
        const answers = (name) => requests
            .filter(([path]) => path === name)
            .map(([, id]) => statuses[id]);
        await page.goto(url);
        await until(() => answers("/site.js")[0] === 200);
        await page.reload();
        for (const name of ["/", "/site.css", "/site.js"])
            await until(() => String(answers(name)) === "200,304",
                        () => `${name}: ${answers(name)}`);
    },

    async a_script_in_the_page_is_not_run(page) {
        await page.goto(url);
        const wasBlocked = page.waitForEvent("console", {
            predicate: (line) => /Content Security Policy/.test(line.text()),
        });
        await page.evaluate(() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'changed'";
            document.head.append(script);
        });
        await wasBlocked;
        assert.equal(await page.title(), "A site of yoke");
    },
};

async function run(browser, scenario) {
    const context = await browser.newContext();
    context.setDefaultTimeout(DEADLINE_MS);
    try {
        await scenario(await context.newPage(), context);
        return null;
    } catch (error) {
        return String(error.stack);
    } finally {
        await context.close();
    }
}

async function main() {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
        // It may be root's, and the container may have little /dev/shm.
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    const results = {};
    try {
        for (const [name, scenario] of Object.entries(scenarios))
            results[name] = await run(browser, scenario);
    } finally {
        await browser.close();
    }
    console.log(JSON.stringify(results));
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
