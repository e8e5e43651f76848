// What a reader would stumble over: a page wider than its window, text that runs out of its box, texts on each other.
() => {
  const told = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) told.push(`the page is ${wide} wide`);
  const scrolls = element => element.closest(".wide");
  for (const element of document.querySelectorAll("body *")) {
    if ((element.closest("svg") && element.tagName !== "svg") || scrolls(element)) continue;
    const over = element.scrollWidth - element.clientWidth;
    if (over > 1 && element.clientWidth && getComputedStyle(element).display !== "inline")
      told.push(`${element.tagName} runs over by ${over}: ${element.textContent.trim().slice(0, 40)}`);
  }
  const texts = [];
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = nodes.nextNode());) {
    if (!node.textContent.trim() || node.parentElement.closest("title, desc, script, style, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if (box.width && box.height) texts.push({ box, node, text: node.textContent.trim().slice(0, 30) });
  }
  texts.sort((one, other) => one.box.top - other.box.top);
  texts.forEach((one, place) => {
    const a = one.box;
    if (!scrolls(one.node.parentElement) && (a.right > innerWidth + 1 || a.left < -1))
      told.push(`outside the window: ${one.text}`);
    for (let next = place + 1; next < texts.length && texts[next].box.top < a.bottom - 3; next++) {
      const other = texts[next], b = other.box;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (other.node !== one.node && across > 2 && down > 3) told.push(`on each other: ${one.text} | ${other.text}`);
    }
  });
  return told;
}
