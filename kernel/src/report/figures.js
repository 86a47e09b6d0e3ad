// Draws every plotly figure of the page from the JSON beside it, one after the other.
(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const fixed = {
    displaylogo: false,
    editable: false,
    plotlyServerURL: "",
    showEditInChartStudio: false,
    showLink: false,
    showSendToCloud: false,
    typesetMath: false,
  };

  // Colours for figures that choose none; a figure with colours of its own is drawn on white paper.
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const axis = { gridcolor: of("--line"), linecolor: of("--line"), zerolinecolor: of("--line") };
    const scene = { xaxis: axis, yaxis: axis, zaxis: axis };
    return {
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { color: of("--text") },
        modebar: { bgcolor: "rgba(0,0,0,0)", color: of("--muted"), activecolor: of("--text") },
        xaxis: axis,
        yaxis: axis,
        scene,
      },
    };
  };
  const chooses = ({ template, paper_bgcolor, plot_bgcolor, font }) =>
    Boolean(template || paper_bgcolor || plot_bgcolor || (font && font.color));

  const draw = async (figure) => {
    const { data, layout = {}, config = {} } = JSON.parse(figure.querySelector("script").textContent);
    const box = figure.querySelector(".plot");
    const paper = chooses(layout);
    figure.classList.toggle("paper", paper);
    box.style.height = `${layout.height || 450}px`;
    if (layout.width) {
      box.style.width = `${layout.width}px`;
    }
    const themed = () => (paper ? layout : { ...layout, template: colours() });
    await Plotly.newPlot(box, data, themed(), { ...config, ...fixed, responsive: !layout.width });
    figure.classList.add("drawn");
    if (!paper) {
      dark.addEventListener("change", () => Plotly.relayout(box, { template: colours() }));
    }
  };

  const drawAll = async () => {
    for (const figure of document.querySelectorAll("figure.interactive")) {
      try {
        await draw(figure);
      } catch (error) {
        // The still image stays.
        console.error(error);
      }
    }
    dispatchEvent(new Event("resize"));
  };
  drawAll();
})();
