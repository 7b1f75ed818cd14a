// Playing skeletons: every article.clip draws its clip of #clips-data on its canvas. Drag a canvas to turn it.
(() => {
  const source = document.getElementById("clips-data");
  if (!source) return;
  const UNIT = 16000, UNSEEN = -32768, TILT = 0.14, FRONT = 0, SIDE = Math.PI / 2;
  // Person by side (middle, left, right); mid tones that stand out on white and on near-black.
  const COLOURS = [["#8b93a1", "#2f6fde", "#1c9a72"], ["#a8927c", "#e0672b", "#c2416b"], ["#9a8fb0", "#8757d6", "#b59a17"]];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const speed = document.getElementById("speed");
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const decode = (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Int16Array.from({ length: bytes.length / 2 }, (_, index) => view.getInt16(2 * index, true));
  };

  const players = JSON.parse(source.textContent).map((clip, number) => {
    const card = document.querySelector(`[data-clip="${number}"]`);
    return {
      ...clip, card, data: decode(clip.data), canvas: card.querySelector("canvas"), slider: card.querySelector("input"),
      button: card.querySelector("button"), output: card.querySelector("output"),
      time: 0, yaw: 0.35, turning: false, playing: !calm, visible: false, stale: true,
    };
  });

  const project = (player, frame, person, joint) => {
    const start = (((frame * player.persons + person) * player.joints) + joint) * 3;
    if (player.data[start] === UNSEEN) return null;
    return turn(player, player.data[start] / UNIT, player.data[start + 1] / UNIT, player.data[start + 2] / UNIT);
  };
  const turn = (player, x, y, z) => {
    const right = x * Math.cos(player.yaw) + z * Math.sin(player.yaw);
    const near = z * Math.cos(player.yaw) - x * Math.sin(player.yaw);
    return [right, y * Math.cos(TILT) - near * Math.sin(TILT), near * Math.cos(TILT) + y * Math.sin(TILT)];
  };

  const draw = (player) => {
    const { canvas } = player, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const scale = Math.min(width, height) * 0.42;
    const pixel = ([x, y]) => [width / 2 + scale * x, height / 2 - scale * y];
    const line = (a, b, colour, thickness) => {
      pen.strokeStyle = colour; pen.lineWidth = thickness;
      pen.beginPath(); pen.moveTo(...pixel(a)); pen.lineTo(...pixel(b)); pen.stroke();
    };
    pen.lineCap = "round";
    for (let step = -1; step <= 1.001; step += 0.5) {
      line(turn(player, step, player.floor, -1), turn(player, step, player.floor, 1), style("--grid"), 1);
      line(turn(player, -1, player.floor, step), turn(player, 1, player.floor, step), style("--grid"), 1);
    }
    const frame = Math.min(player.frames - 1, Math.floor(player.time)), bones = [];
    for (let person = 0; person < player.persons; person += 1) {
      const points = Array.from({ length: player.joints }, (_, joint) => project(player, frame, person, joint));
      const colours = COLOURS[person % COLOURS.length];
      for (const [joint, parent] of player.bones) {
        const a = points[joint], b = points[parent];
        if (a && b) bones.push([a[2] + b[2], a, b, colours[player.sides[joint]]]);
      }
    }
    bones.sort((one, other) => one[0] - other[0]);
    for (const [, a, b, colour] of bones) {
      line(a, b, colour, Math.max(2, scale / 34));
      for (const end of [a, b]) {
        pen.fillStyle = colour; pen.beginPath(); pen.arc(...pixel(end), Math.max(1.8, scale / 40), 0, 7); pen.fill();
      }
    }
    if (!bones.length) {
      pen.fillStyle = style("--muted"); pen.font = "13px system-ui, sans-serif"; pen.textAlign = "center";
      pen.fillText("nobody in this frame", width / 2, height / 2);
    }
    player.slider.value = frame;
    player.output.textContent = `${frame + 1} / ${player.frames}`;
    player.stale = false;
  };

  const set = (player, playing) => {
    player.playing = playing;
    player.button.classList.toggle("paused", !playing);
    player.button.setAttribute("aria-label", playing ? "Pause" : "Play");
    const all = document.getElementById("play-all");
    all.textContent = players.some((one) => one.playing) ? "Pause all" : "Play all";
  };
  const face = (player, yaw, turning) => { player.yaw = yaw; player.turning = turning; player.stale = true; };

  for (const player of players) {
    player.slider.max = player.frames - 1;
    player.button.addEventListener("click", () => set(player, !player.playing));
    player.slider.addEventListener("input", () => {
      player.time = Number(player.slider.value); player.stale = true; set(player, false);
    });
    let from = null;
    player.canvas.addEventListener("pointerdown", (event) => {
      from = event.clientX; player.turning = false; player.canvas.setPointerCapture(event.pointerId);
    });
    player.canvas.addEventListener("pointermove", (event) => {
      if (from === null) return;
      face(player, player.yaw + (event.clientX - from) / 90, false); from = event.clientX;
    });
    for (const end of ["pointerup", "pointercancel"]) player.canvas.addEventListener(end, () => { from = null; });
    player.canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key];
      if (way) { face(player, player.yaw + way, false); event.preventDefault(); }
    });
    set(player, player.playing);
  }
  document.getElementById("play-all").addEventListener("click", () => {
    const playing = !players.some((one) => one.playing);
    players.forEach((player) => set(player, playing));
  });
  for (const button of document.querySelectorAll("[data-side]")) {
    const facing = { front: [FRONT, false], side: [SIDE, false], turn: [0.35, true] }[button.dataset.side];
    button.addEventListener("click", () => players.forEach((player) => face(player, ...facing)));
  }
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const player = players[Number(entry.target.dataset.clip)];
      player.visible = entry.isIntersecting; player.stale = true;
    }
  });
  players.forEach((player) => sight.observe(player.card));
  const refresh = () => players.forEach((player) => { player.stale = true; });
  addEventListener("resize", refresh);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);

  let before = null;
  const tick = (now) => {
    const passed = before === null ? 0 : Math.min(0.1, (now - before) / 1000);
    before = now;
    for (const player of players) {
      if (!player.visible) continue;
      if (player.playing) player.time = (player.time + passed * player.rate * Number(speed.value)) % player.frames;
      if (player.turning) player.yaw += passed * 0.8;
      if (player.playing || player.turning || player.stale) draw(player);
    }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})();
