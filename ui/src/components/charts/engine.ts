/** ECharts with no more than the panels need. */

import { BoxplotChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, ParallelComponent, TooltipComponent, VisualMapContinuousComponent } from "echarts/components";
import { use as equip } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

equip([
  BoxplotChart,
  HeatmapChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  GridComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  CanvasRenderer,
]);

export { init } from "echarts/core";
