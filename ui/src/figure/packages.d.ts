/** The part of plotly that is used; the package brings no types. */
declare module "plotly.js-cartesian-dist-min" {
  const Plotly: {
    newPlot: (box: HTMLElement, data: object[], layout: object, config: object) => Promise<unknown>;
    PlotSchema: { get: () => { traces: Record<string, unknown> } };
  };
  export default Plotly;
}
