-- Non-streaming load for wrk. Environment: BENCH_BODY and BENCH_KEYS are files (the request body; one API key a line).
local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.body = read(os.getenv("BENCH_BODY"))
wrk.headers["Content-Type"] = "application/json"

local keys = {}
for key in read(os.getenv("BENCH_KEYS")):gmatch("%S+") do
  keys[#keys + 1] = key
end
wrk.headers["Authorization"] = "Bearer " .. keys[1]

-- With one key wrk sends one prepared request and never enters Lua; with more it takes the next prepared one each time.
if #keys > 1 then
  local requests, turn = {}, 0
  function init()
    for index, key in ipairs(keys) do
      wrk.headers["Authorization"] = "Bearer " .. key
      requests[index] = wrk.format()
    end
  end
  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50_us":%.1f,"p99_us":%.1f,"max_us":%.1f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
