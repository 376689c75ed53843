/* The page. */
#ifndef CHAT_PAGE_H
#define CHAT_PAGE_H

static const char page[] =
    "<!doctype html>\n"
    "<meta charset=utf-8>\n"
    "<meta name=viewport content='width=device-width'>\n"
    "<title>Chat</title>\n"
    "<style>body { font: 16px sans-serif; max-width: 40em; margin: 1em auto }\n"
    "small { color: gray }</style>\n"
    "<h1>Chat</h1>\n"
    "<p><small id=state>connecting</small></p>\n"
    "<form id=form>\n"
    "<input name=name placeholder=Name required maxlength=40>\n"
    "<input name=text placeholder=Text required maxlength=1000 size=40>\n"
    "<button>Say</button>\n"
    "</form>\n"
    "<ul id=list></ul>\n"
    "<script>\n"
    "const show = text => {\n"
    "    const item = document.createElement('li')\n"
    "    item.textContent = text\n"
    "    list.prepend(item)\n"
    "}\n"
    "const events = new EventSource('events')\n"
    "events.addEventListener('welcome', e =>\n"
    "    state.textContent = 'connected to worker ' + e.data)\n"
    "events.addEventListener('said', e => {\n"
    "    const {name, text, worker} = JSON.parse(e.data)\n"
    "    show(`${name}: ${text} (by worker ${worker})`)\n"
    "})\n"
    "events.addEventListener('missed', () => show('(something is missing)'))\n"
    "events.onerror = () => state.textContent = 'connecting'\n"
    "form.onsubmit = e => {\n"
    "    e.preventDefault()\n"
    "    fetch('say', {method: 'POST', body: new URLSearchParams(\n"
    "        new FormData(form))})\n"
    "    form.text.value = ''\n"
    "}\n"
    "</script>\n";

#endif
