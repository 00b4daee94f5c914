-- For wrk: sends the requests of a file in turn, and counts each status that comes back.
-- In the file stands, for each request, its length on a line of its own, and then its bytes.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   requests, statuses, at = {}, {}, 0
   local file = assert(io.open(args[1], "rb"))
   for length in file:lines() do
      table.insert(requests, file:read(tonumber(length)))
   end
   file:close()
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function response(status)
   statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
   local seen = {}
   for _, thread in ipairs(threads) do
      for status, times in pairs(thread:get("statuses")) do
         table.insert(seen, string.format('"%d": %d', status, times))
      end
   end
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d, "statuses": {%s}}\n',
      summary.requests, summary.duration,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99), table.concat(seen, ", ")
   ))
end
