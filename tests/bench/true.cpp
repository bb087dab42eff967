// true: the shortest program, static, so that it runs in any root.
int main() {
    return 0;
}
