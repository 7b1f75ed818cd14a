// Draws each figure when it comes into sight, in the colours of the reader's scheme.
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const elements = [...document.querySelectorAll("[data-plot]")];
  const drawn = new Set();
  const narrow = () => innerWidth < 700;
  const hovers = matchMedia("(hover: hover)").matches; // elsewhere the bar would lie over the figure for good

  const themed = (figure) => {
    const { data, layout } = structuredClone(figure);
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: style("--ink") };
    layout.modebar = { bgcolor: style("--card"), color: style("--muted"), activecolor: style("--ink") };
    layout.hoverlabel = { bgcolor: style("--card"), bordercolor: style("--line"), font: { color: style("--ink"), size: 13 }, namelength: 40 };
    for (const name of ["xaxis", "yaxis"]) {
      layout[name] = { gridcolor: style("--grid"), zerolinecolor: style("--line"), ...layout[name] };
    }
    for (const trace of data) {
      if (trace.type === "heatmap") trace.colorscale = [[0, style("--low")], [0.5, style("--half")], [1, style("--high")]];
      if (trace.type === "heatmap" && narrow()) trace.showscale = false;
    }
    if (layout.meta && layout.meta.wide_legend && narrow()) layout.showlegend = false;
    return [data, layout];
  };

  const draw = (element) => {
    const figure = JSON.parse(document.getElementById(element.dataset.plot).textContent);
    const options = { responsive: true, displaylogo: false, displayModeBar: !narrow() && hovers && "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], scrollZoom: false };
    if (narrow()) figure.layout.dragmode = false;
    Plotly.react(element, ...themed(figure), options);
    drawn.add(element);
  };

  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
  }, { rootMargin: "300px" });
  elements.forEach((element) => sight.observe(element));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));
  addEventListener("beforeprint", () => elements.forEach((element) => { if (!drawn.has(element)) draw(element); }));
})();
