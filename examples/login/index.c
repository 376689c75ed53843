/* The program: the login on every core, behind one port. */
#include "app.h"

int main(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    return yoke_cluster_run(make_app,
                            &(struct yoke_cluster_options){
                                .listen.port = yoke_env_int("PORT", 1337)});
}
