"""Pages whose markup and scripts do wrong, by path. Each has a title to see, unless that is what is wrong with it."""

_TITLE = "<h1 id=title>here</h1>"


def _script(text: str) -> str:
    return f"{_TITLE}<script>{text}</script>"


_FONT = "@font-face{font-family:F;src:url(/silent)}body{font-family:F}"
_SPIN = "@keyframes s{to{transform:rotate(1turn)}}h1{animation:s 0.1s infinite}"
_MANY_SPIN = _SPIN + "b{display:inline-block;animation:s 1s infinite}"
_WORKER = "new Worker(URL.createObjectURL(new Blob(['for(;;);'])))"
_WORKERS_TALK = (
    "new Worker(URL.createObjectURL(new Blob(['for(;;)postMessage(1)']))).onmessage = () => document.title++"
)
_FILL = "const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()))"
_FILL_BUFFERS = "const all = []; for (;;) all.push(new Uint8Array(5e7).fill(1))"
_FILL_DOM = "for (;;) document.body.append(...Array.from({length: 1e4}, () => document.createElement('p')))"
_FILL_CANVAS = """const all = [];
setInterval(() => {
    const canvas = document.body.appendChild(document.createElement('canvas'));
    canvas.width = canvas.height = 8000;
    canvas.getContext('2d').fillRect(0, 0, 8000, 8000);
    all.push(canvas);
}, 10)"""
_NOISE = """const canvas = document.body.appendChild(document.createElement('canvas'));
canvas.width = canvas.height = 4000;
const context = canvas.getContext('2d'), noise = context.createImageData(4000, 4000);
for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, at + 65536));
context.putImageData(noise, 0, 0)"""
_STORE = """indexedDB.open('x').onupgradeneeded = made => {
    const store = made.target.result.createObjectStore('s');
    for (let i = 0; i < 20; i++) store.put(new Uint8Array(1e7), i);
}"""
_SAVE = """setInterval(() => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([new Uint8Array(1e6)])); link.download = 'x.bin'; link.click();
}, 20)"""
_FRAMES = (
    "setInterval(() => { for (let i = 0; i < 50; i++) document.body.append(document.createElement('iframe')) }, 1)"
)
_SOCKETS = "setInterval(() => { for (let i = 0; i < 50; i++) new WebSocket('ws://' + location.host + '/silent') }, 1)"
_FETCHES = "setInterval(() => { for (let i = 0; i < 200; i++) fetch('/?' + Math.random()).catch(() => 0) }, 1)"

PAGES = {
    "/good": _TITLE,
    # scripts without end
    "/loop-at-once": _script("for (;;);"),
    "/loop-before-anything": "<script>for (;;);</script>" + _TITLE,
    "/loop-after-load": _script("onload = () => { for (;;); }"),
    "/loop-in-a-timer": _script("setInterval(() => { const t = Date.now(); while (Date.now() - t < 400); }, 1)"),
    "/loop-in-a-worker": _script(_WORKER),
    "/loop-in-many-workers": _script(f"for (let i = 0; i < 20; i++) {_WORKER}"),
    "/loop-in-promises": _script("const on = () => Promise.resolve().then(on); on()"),
    "/loop-in-frames": _script("const on = () => requestAnimationFrame(on); on(); setInterval(() => 0, 0)"),
    "/loop-at-unload": _script("onbeforeunload = onpagehide = onunload = () => { for (;;); }"),
    "/loop-in-a-getter": _script("document.fonts.__defineGetter__('ready', () => { for (;;); })"),
    "/catastrophic-pattern": _script("/^(a+)+$/.test('a'.repeat(60) + 'b')"),
    "/worker-floods": _script(_WORKERS_TALK),
    # what it throws at its reader
    "/alerts": _script("for (;;) alert(1)"),
    "/confirms": _script("while (!confirm('stay?'));"),
    "/prompts": _script("for (;;) prompt('name?')"),
    "/stay": _script(
        "onbeforeunload = e => { e.preventDefault(); return 'stay' }; setTimeout(() => location = '/good')"
    ),
    "/prints": _script("for (let i = 0; i < 5; i++) print()"),
    "/popups": _script("setInterval(() => open('/popups'), 5)"),
    "/downloads": _script(_SAVE),
    "/asks-for-everything": _script(
        "navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission();"
        "navigator.mediaDevices?.getUserMedia({audio: true}); document.documentElement.requestFullscreen()"
    ),
    "/closes-itself": _script("close(); setTimeout(close, 20)"),
    "/logs": _script("setInterval(() => { for (let i = 0; i < 5000; i++) console.log('x'.repeat(1000)) }, 1)"),
    "/throws": _script("setInterval(() => { for (let i = 0; i < 1000; i++) setTimeout(() => { throw Error() }) }, 1)"),
    # memory
    "/fills-memory": _script(_FILL),
    "/fills-buffers": _script(_FILL_BUFFERS),
    "/fills-the-page": f"<body>{_script(_FILL_DOM)}",
    "/fills-canvases": f"<body>{_script(_FILL_CANVAS)}",
    "/fills-storage": _script(_STORE),
    "/noise": f"<body>{_script(_NOISE)}",
    # size
    "/tall": f"{_TITLE}<div style='height:100000px'></div>",
    "/wide": f"{_TITLE}<div style='width:1000000px;height:20px;background:red'></div>",
    "/grows": f"{_TITLE}<script>setInterval(() => title.style.height = (title.offsetHeight + 999) + 'px', 5)</script>",
    "/nothing": "<html style='display:none'>",
    "/no-document": _script("document.documentElement.remove()"),
    "/deep": _TITLE + "<div>" * 20000,
    # what never comes
    "/no-font": f"<style>{_FONT}</style>{_TITLE}",
    "/no-image": f"{_TITLE}<img src=/silent>",
    "/no-style": f"<link rel=stylesheet href=/stylesheet-never>{_TITLE}",
    "/no-script": f"<script src=/silent></script>{_TITLE}",
    "/no-frame": f"{_TITLE}<iframe src=/silent></iframe>",
    "/spins": f"<style>{_SPIN}</style>{_TITLE}",
    "/spins-much": f"<style>{_MANY_SPIN}</style>{_TITLE}" + "<b>x</b>" * 5000,
    # going round in circles
    "/refreshes": f"<meta http-equiv=refresh content=0>{_TITLE}",
    "/reloads": _script("location.reload()"),
    "/goes-on": _script("location = '/goes-on?' + Math.random()"),
    "/writes": _script("for (;;) document.write('<p>more')"),
    "/writes-itself": _script("setInterval(() => { document.open(); document.write('<h1 id=title>x</h1>') }, 1)"),
    "/history": _script(
        "let i = 0; setInterval(() => { for (let n = 0; n < 500; n++) history.pushState(0, '', '#' + i++) })"
    ),
    "/hashes": _script("let i = 0; setInterval(() => { location.hash = i++ })"),
    "/goes-back": _script("history.pushState(0, '', '#a'); setInterval(() => history.back(), 1)"),
    "/mirrors": f"{_TITLE}<iframe id=f></iframe><script>f.src = location.pathname + '?' + Math.random()</script>",
    "/frames": f"<body>{_script(_FRAMES)}",
    "/sockets": _script(_SOCKETS),
    "/fetches": _script(_FETCHES),
    "/serves-itself": _script("navigator.serviceWorker?.register('/worker.js').then(() => location.reload())"),
    "/worker.js": "onfetch = e => e.respondWith(new Promise(() => 0))",
    # the browser's own
    "/crashes": _script("location = 'chrome://crash'"),
    "/to-a-file": _script("location = 'file:///etc/passwd'"),
    "/to-an-app": _script("location = 'mailto:a@example.com'"),
}
