-- What one of a hundred browsers asks for, for wrk: `-- pages` are unit pages, each read for four seconds, `-- pictures` the
-- twelve of each that a window shows. No connection is idle for the five seconds after which the server closes it.

local pictures = false

function init(args)
  pictures = args[1] == "pictures"
  math.randomseed(os.time() + #args[1])
end

function request()
  if pictures then
    return wrk.format("GET", "/corpora/iconclip-corpus/images/" .. math.random(0, 5999) .. ".webp")
  end
  return wrk.format("GET", "/models/iconclip/layer4.1/" .. math.random(0, 255))
end

function delay()
  if pictures then
    return math.random(233, 433)
  end
  return math.random(3100, 4900)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"answers": %d, "faults": %d, "p50_ms": %.1f, "p99_ms": %.1f}', summary.requests,
    errors.status + errors.connect + errors.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
