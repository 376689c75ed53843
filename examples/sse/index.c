#include "app.h"

int main(void)
{
    yoke_app_listen(make_app(), .port = yoke_env_int("PORT", 1337));
    return yoke_run();
}
