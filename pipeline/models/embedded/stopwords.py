"""Words that name nothing by themselves, per language; a subject's name never ends in one."""

from __future__ import annotations

from typing import Final

_EN: Final = """
a about above actually after again against ago ah all almost already alright also although always
am an and another any anybody anymore anyone anything anyway are aren't around as at away back be
because been before being below besides best better between big bit both bring brought but buy
by call called came can can't cannot care check chance change check choose close come comes coming
could course cute day days definitely did didn't different do does doesn't doing don't done down
during each early easy either else end enough especially even ever every everybody everyone
everything exactly excited fact far fast favorite favourite feel feeling few find first fit for
forget forward free from full fun gave get gets getting give given gives giving go goes going gone
gonna good gosh got gotta great guess guy guys had half happy hard has hasn't have haven't having
he hear hello help her here here's hers hey hi high him himself his hit hold home honest honestly
hope hour hours how however huge i i'd i'll i'm i've if important in incredible inside instead into
is isn't it it'd it'll it's its itself just keep kind know known ladies last later least leave left
less let let's like liked likely literally little live long look looked looking looks lot lots
love loved lovely loves low made make makes making many matter may maybe me mean means might mine
minute minutes more most much must my myself name near need needed needs never new next nice no nobody
none nope nor not nothing now number of off often oh ok okay old on once one ones online only oops
or order other others our ours ourselves out over own part people perfect perhaps person pick
piece place play please point possible pretty probably put question questions quick quite
rather read ready real really regular remember right run said same saw say saying says second
see seeing seen send set several shall she she's should show showed showing shows side simple since
single small so some somebody someone something sometimes soon sorry sort special start started
stay still stop stuff such super supposed sure take taken takes taking talk talking tell than thank
thanks that that's the their theirs them themselves then there there's these they they'd they'll
they're they've thing things think third this those though thought through till time times to
today together told tomorrow tonight too took top total totally toward tried true try trying turn
two type um uh under until up upon us use used useful using usually very wait wanna want wanted
wants was wasn't watch watching way we we'd we'll we're we've week weeks welcome well went were
weren't what what's whatever when where which while who whole whose why will wish with within without
won't wonderful work working works world worry would wouldn't wow yeah year years yep yes yesterday
yet you you'd you'll you're you've your yours yourself yourselves amazing beautiful gorgeous awesome
cool brilliant fantastic absolutely basically obviously anyways dear darling honey babe baby sweetie
friend friends everybody's lol haha god yay mm hmm massive amount extra original couple moment kinda
able ask asked asking believe brand clear couldn't glad goodness imagine join joined joining line
yellow black white red blue green pink brown purple grey gray orange beige colored coloured
according across among despite due former including latter mr mrs ms near per say via whether reported
""".split()

_RU: Final = """
а без более больше большой будет будто бы был была были было быть в вам вас ваш ведь весь во вообще
вот время все всё всего всей всем всех всегда вы где говорит год года году да даже два две дела
день для до другой другие его ее её если есть еще ещё же за зачем здесь и из или им именно их к как
какая какие какой когда конечно кто куда лет ли либо лишь лучше люди между меня мне много могут
может можно мой моя мы на над надо нам нас наш не него нее неё ней нельзя нет ни них но ну о об
один одна одно однако он она они оно опять от очень перед по под пока после потом потому почему
почти при про просто пусть раз разве с сам сама сами свой свои свою сейчас себя сегодня сказал
сказала сколько снова со совсем стал стала стали так также такая такие такой там тем теперь то
тогда того тоже той только том тот тут ты у уже хорошо хоть чего человек чем через что чтобы чуть
эта эти это этого этой этом этот эту я завтра вчера нынешний который которая которые которое
которых очередной новый новая новые первый вторая ранее позже сообщил сообщила сообщили заявил
заявила считает итак друзья привет спасибо
""".split()

_ZH: Final = """
我 你 他 她 它 我们 你们 他们 咱们 大家 自己 这 那 这个 那个 这款 那款 这种 那种 这些 那些 这里 那里
这边 那边 什么 怎么 哪个 哪里 谁 多少 几 一个 一下 一点 一些 一款 一件 时候 时间 今天 明天 昨天 今晚
现在 刚才 刚刚 平常 平时 以后 之后 之前 然后 因为 所以 但是 可是 如果 就是 还是 或者 而且 而 和 跟 与
的 地 得 了 着 过 吗 呢 吧 啊 哦 嗯 呃 哎 哈 嘛 呀 啦 是 有 没有 没 不 不是 都 也 还 就 才 很 太 真的
非常 特别 比较 最 更 好 好的 好吧 可以 能 会 要 想 去 来 到 上 下 里 里面 外面 上面 下面 前面 后面 旁边
中间 左边 右边 一边 说 讲 看 看到 知道 觉得 感觉 喜欢 买 卖 拍 拿 给 用 穿 做 弄 放 打 开 东西 事情
问题 朋友 朋友们 宝宝 宝宝们 宝贝 宝贝们 姐妹 姐妹们 家人 家人们 亲 亲们 姐姐 妹妹 哥哥 妈妈 爸爸 老公
孩子 小孩 人 人家 别人 女生 男生 主播 助播 老板 客服 运营 粉丝 直播 直播间 链接 小黄车 购物车 库存 价格
价钱 原价 现价 优惠 优惠券 福利 活动 块 块钱 元 钱 单 件 个 条 双 瓶 盒 包 份 款 套 斤 颜色 尺码 码 码数 号
号链接 大小 款式 质量 质感 品质 效果 地方 位置 部分 方面 样子 情况 原因 选择 推荐 关注 点赞 评论 公屏
评论区 弹幕 屏幕 手机 红包 福袋 礼物 倒计时 发货 快递 运费 运费险 售后 退货 天 年 月 小时 分钟 秒 次
种 点 些 下单 付款 秒杀 赶紧 直接 全部 所有 每个 每天 第一 第二 第三 其实 本来 基本 基本上 一定 应该
可能 需要 建议 适合 搭配 设计 感 款的 比如 比如说 你看 品牌 牌子 官方 旗舰店 专柜 实体店 线下 线上 平台
正品 新款 同款 爆款 性价比 身上 手上 脚上 脸上 头发 皮肤 身材 体重 身高
""".split()

STOPWORDS: Final[dict[str, frozenset[str]]] = {
    "en": frozenset(_EN),
    "ru": frozenset(_RU),
    "zh": frozenset(_ZH),
}
"""Per language; a language that is not here has none."""
