#include "store/redis_script.h"

/* Lua's numbers are doubles: sums stay text, and are Redis's own. A value with a
 * head becomes a plain number at its first incr, and is put back if it is no
 * number after all. */
const char *const yk_redis_scripts[YK_SCRIPT_COUNT] = {
    [YK_SCRIPT_REPLACE] =
        "local v = redis.call('GET', KEYS[1])\n"
        "if not v then return -1 end\n"
        "if string.byte(v) == 1 and #v >= 9 then\n"
        "  if string.sub(v, 1, 9) ~= ARGV[1] then return 0 end\n"
        "elseif v ~= ARGV[2] and v ~= ARGV[3] then return 0 end\n"
        "if ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[4])\n"
        "else redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[5]) end\n"
        "return 1\n",
    [YK_SCRIPT_TOUCH] =
        "if ARGV[1] ~= '0' then\n"
        "  return redis.call('EXPIRE', KEYS[1], ARGV[1])\n"
        "end\n"
        "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
        "redis.call('PERSIST', KEYS[1])\n"
        "return 1\n",
    [YK_SCRIPT_INCR] =
        "local v = redis.call('GET', KEYS[1])\n"
        "local plain = v and string.byte(v) == 1 and #v >= 9\n"
        "if plain then\n"
        "  redis.call('SET', KEYS[1], string.sub(v, 10), 'KEEPTTL')\n"
        "end\n"
        "local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])\n"
        "if type(sum) == 'table' and sum.err then\n"
        "  if plain then redis.call('SET', KEYS[1], v, 'KEEPTTL') end\n"
        "  return sum\n"
        "end\n"
        "if not v and ARGV[2] ~= '0' then\n"
        "  redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
        "end\n"
        "return redis.call('GET', KEYS[1])\n",
    [YK_SCRIPT_LOCK] =
        "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end\n"
        "local n = redis.call('INCR', KEYS[2])\n"
        "redis.call('SET', KEYS[1], n, 'EX', ARGV[1])\n"
        "return n\n",
    [YK_SCRIPT_RENEW] =
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
        "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
        "return 1\n",
    [YK_SCRIPT_UNLOCK] =
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
        "redis.call('DEL', KEYS[1])\n"
        "return 1\n",
};
