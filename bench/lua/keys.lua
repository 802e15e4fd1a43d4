-- Keys for wrk: KEY_PATH before the key, ROWS keys, KEYS=uniform or zipf (exponent 0.99, hot keys scattered).
local path = os.getenv("KEY_PATH") or "/rows/"
local rows = tonumber(os.getenv("ROWS") or "5000000")
local kind = os.getenv("KEYS") or "uniform"
local format, random = string.format, math.random

-- A step without a common factor with `rows` scatters ranks over the keys.
local function gcd(a, b) while b ~= 0 do a, b = b, a % b end return a end
local step = 1000003
while gcd(step, rows) ~= 1 do step = step + 2 end

-- Rejection-inversion sampling of a Zipf distribution (Hormann and Derflinger, 1996).
local s = 0.99
local function h(x) return math.exp((1 - s) * math.log(x)) / (1 - s) end
local function h_inverse(y) return math.exp(math.log((1 - s) * y) / (1 - s)) end
local h_first, h_last = h(1.5) - 1, h(rows + 0.5)
local function zipf()
  while true do
    local u = h_last + random() * (h_first - h_last)
    local x = h_inverse(u)
    local k = math.floor(x + 0.5)
    if k < 1 then k = 1 elseif k > rows then k = rows end
    if u >= h(k + 0.5) - math.exp(-s * math.log(k)) then return k - 1 end
  end
end

local head = "GET " .. path
local tail = " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

function init() math.randomseed(os.time()) end

if kind == "zipf" then
  function request() return format("%sk%08d%s", head, (zipf() * step) % rows, tail) end
else
  function request() return format("%sk%08d%s", head, random(0, rows - 1), tail) end
end

-- One line that a script can read; wrk counts answers above 399 as status errors.
function done(summary, latency)
  io.write(format("RESULT requests=%d rate=%.0f p50_ms=%.3f p99_ms=%.3f errors=%d\n", summary.requests,
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
