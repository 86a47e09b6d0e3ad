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

  // A figure may carry what turns it into its dark form: pairs of a path into { data, layout } and the value there.
  const darken = (figure, changes) => {
    for (const [path, value] of changes) {
      const part = path.slice(0, -1).reduce((inside, key) => (inside[key] ??= {}), figure);
      part[path.at(-1)] = value;
    }
  };

  // Colours for figures that choose none; one that does, and has no dark form, is drawn on white paper.
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
    const changes = layout.meta?.dark;
    const paper = !changes && chooses(layout);
    figure.classList.toggle("paper", paper);
    if (paper) {
      figure.querySelector(".drawing").style.background = layout.paper_bgcolor || "";
    }
    box.style.height = `${layout.height || 450}px`;
    if (layout.width) {
      box.style.width = `${layout.width}px`;
    }
    const settings = { ...config, ...fixed, responsive: !layout.width };
    const show = () => {
      // Plotly writes into what it is given. An equal uirevision keeps where a reader has zoomed to.
      const themed = structuredClone({ data, layout: { uirevision: "reader", ...layout } });
      if (changes && dark.matches) {
        darken(themed, changes);
      } else if (!changes && !paper) {
        themed.layout.template = colours();
      }
      return Plotly.react(box, themed.data, themed.layout, settings);
    };
    await show();
    figure.classList.add("drawn");
    if (!paper) {
      dark.addEventListener("change", show);
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
