"use strict";

new EventSource("/events").addEventListener("count", (event) => {
    document.getElementById("count").value = event.data;
});

for (const name of ["hello", "visits"])
    fetch("/" + name)
        .then((answer) => answer.text())
        .then((text) => {
            document.getElementById(name).value = text;
        });
