(() => {
  const rows = [...document.querySelectorAll("[data-state]")], form = document.querySelector("form");
  const owner = form.elements.owner, boxes = [...form.querySelectorAll("input")];
  const asked = new URLSearchParams(location.hash.slice(1));
  if ([...owner.options].some(each => each.value === asked.get("owner"))) owner.value = asked.get("owner");
  const states = (asked.get("state") || "").split(",").filter(Boolean);
  if (states.length) boxes.forEach(box => { box.checked = states.includes(box.value); });
  const show = () => {
    const wanted = boxes.filter(box => box.checked).map(box => box.value);
    let shown = 0;
    for (const row of rows) {
      const fits = wanted.includes(row.dataset.state) && (owner.value === "*" || row.dataset.owner === owner.value);
      row.hidden = !fits;
      shown += fits;
    }
    document.querySelector("#shown").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
    const kept = new URLSearchParams();
    if (owner.value !== "*") kept.set("owner", owner.value);
    if (wanted.length < boxes.length) kept.set("state", wanted.join(","));
    history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
  };
  form.hidden = false;
  form.addEventListener("change", show);
  show();
  const hours = (Date.now() - Date.parse(document.querySelector("time").dateTime)) / 36e5;
  const old = document.querySelector("#old");
  if (hours > Number(old.dataset.hours)) {
    old.hidden = false;
    old.textContent = `This page is ${hours < 72 ? Math.round(hours) + " hours" : Math.round(hours / 24) + " days"} old. What came after it is not on it.`;
  }
})();
