/* Express: test/res.status.js and test/res.sendStatus.js. A status that is no
 * whole number does not compile; 1xx is no final status and refused, where
 * Express takes it. */
#include "express.h"

static void status(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, *(const int *)yoke_data(req));
    yoke_res_end(res);
}

static void send_status(yoke_req *req, yoke_res *res)
{
    yoke_res_send_status(res, *(const int *)yoke_data(req));
}

static const int s99 = 99, s101 = 101, s200 = 200, s201 = 201, s302 = 302,
                 s403 = 403, s501 = 501, s599 = 599, s700 = 700, s800 = 800,
                 s900 = 900, s1000 = 1000;

#define STATUS(n)                                                              \
    {                                                                          \
        "status " #n, status, .data = &s##n, .status = n                       \
    }
#define NO_STATUS(n)                                                           \
    {                                                                          \
        "no status: " #n, status, .data = &s##n, .status = 500                 \
    }

static const struct express_case cases[] = {
    STATUS(200),
    STATUS(201),
    STATUS(302),
    STATUS(403),
    STATUS(501),
    STATUS(700),
    STATUS(800),
    STATUS(900),
    NO_STATUS(99),
    NO_STATUS(101),
    NO_STATUS(1000),
    {"its phrase is the body", send_status, .data = &s201, .status = 201,
     .body = "Created"},
    {"or its number", send_status, .data = &s599, .status = 599, .body = "599"},
    {"not of what is no status", send_status, .data = &s1000, .status = 500},
};

EXPRESS_MAIN("res.status")
