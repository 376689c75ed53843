"use strict";

new EventSource("/events").addEventListener("count", (event) => {
    document.getElementById("count").value = event.data;
});

fetch("/visits")
    .then((answer) => answer.text())
    .then((text) => {
        document.getElementById("visits").value = text;
    });
