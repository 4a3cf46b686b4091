-- For wrk: posts the body and headers that lie in a folder, and tells what came of it as one line of JSON.
-- The clocks of wrk count in microseconds.
function init(args)
  local folder = args[1]
  local file = assert(io.open(folder .. "/body", "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  for line in io.lines(folder .. "/headers") do
    local name, value = line:match("^(.-)\t(.*)$")
    wrk.headers[name] = value
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('TAKEN {"requests": %d, "duration": %d, "p50": %d, "p99": %d, "wrong": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong))
end
